import { expect, test } from '@jest/globals';
import { createGuest, type Entry, type Filesystem, type Project } from '@mln/core';
import { powerOffByKeys } from '../src/shutdown.js';

const project: Project = {
  name: 'lab',
  home: null,
  source: '/',
  directory: '/',
  switches: [],
  hosts: [],
  hookBlocks: {},
  variables: {},
  secret: null,
};

/** A guest's filesystem of one or no file below /etc and /lib/systemd/system. */
function filesystem(files: Readonly<Record<string, string>>): Filesystem {
  const entry = (type: Entry['type'], size: number): Entry => ({ type, mode: 0o644, owner: 0, group: 0, size });
  return {
    list: (folder) => {
      const names = new Map<string, Entry>();
      for (const [path, text] of Object.entries(files)) {
        const rest = path.startsWith(`${folder.replace(/\/$/, '')}/`)
          ? path.slice(folder.replace(/\/$/, '').length + 1)
          : null;
        const [name = '', ...below] = rest?.split('/') ?? [];
        if (rest !== null) names.set(name, entry(below.length > 0 ? 'directory' : 'file', text.length));
      }
      return Promise.resolve(names.size > 0 ? names : null);
    },
    read: (path) => Promise.resolve(Buffer.from(files[path] ?? '')),
    readLink: (path) => Promise.reject(new Error(path)),
    apply: () => Promise.resolve(),
    check: () => Promise.resolve(),
    grow: () => Promise.resolve(),
    minimumSize: () => Promise.resolve(0),
  };
}

const inittabs = [
  ['ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now', 'ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -h now'],
  ['ca::ctrlaltdel:/sbin/shutdown -t3 -r now', 'ca::ctrlaltdel:/sbin/shutdown -t3 -h now'],
  ['::ctrlaltdel:/sbin/reboot', '::ctrlaltdel:/sbin/poweroff'],
  ['::ctrlaltdel:/etc/init.d/rcK poweroff', null],
  ['#ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now', null],
  ['l6:6:wait:/etc/init.d/rc 6 reboot', null],
] as const;

test.each(inittabs)('%s', async (line, expected) => {
  const guest = createGuest(filesystem({ '/etc/inittab': `id:2:initdefault:\n${line}\n` }), project);
  await powerOffByKeys(guest);
  const edits = await guest.edits();
  expect(edits.map(({ path }) => path)).toEqual(expected === null ? [] : ['/etc/inittab']);
  expect(await guest.text('/etc/inittab')).toBe(`id:2:initdefault:\n${expected ?? line}\n`);
});

test('systemd is told by a link, and a guest with neither is left alone', async () => {
  const systemd = createGuest(filesystem({ '/lib/systemd/system/poweroff.target': '' }), project);
  await powerOffByKeys(systemd);
  expect(await systemd.edits()).toContainEqual(
    expect.objectContaining({
      do: 'symlink',
      path: '/etc/systemd/system/ctrl-alt-del.target',
      target: '/lib/systemd/system/poweroff.target',
    }),
  );
  const bare = createGuest(filesystem({}), project);
  await powerOffByKeys(bare);
  expect(await bare.edits()).toEqual([]);
});
