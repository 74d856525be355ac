import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { plannedItems, type Choice, type Item, type Materials } from '../src/setup/items.js';
import { findLauncher } from '../src/setup/launcher.js';
import { withoutPackaged } from '../src/setup/packaged.js';
import { foldersIn, placesOf, type Caller, type Kind } from '../src/setup/places.js';
import { faultsOfUnits, reload } from '../src/setup/systemd.js';
import { bootUnit } from '../src/setup/units.js';
import { fakeShell } from '../../test/support/examine.js';
import { scratchFolder } from './scratch.js';

/* The parts of mln setup that touch nothing, or a scratch folder. */

const caller: Caller = { environment: {}, home: '/home/ada', uid: 1000, prefix: null };
const launcher = { command: ['/usr/bin/node', '/usr/bin/mln'], path: '/usr/bin:/bin', onPath: true, note: null };

function materials(kind: Kind, more: Partial<Materials> = {}): Materials {
  return {
    completion: { bash: 'bash', zsh: 'zsh', fish: 'fish' },
    manual: new Map([['man1/mln.1', 'page']]),
    launcher,
    environment: {},
    configuration: 'mln.config.yaml',
    parts: { items: [], units: [], plugins: [], notes: [] },
    usual: foldersIn(placesOf(kind, caller)),
    ...more,
  };
}

function choice(kind: Kind, more: Partial<Choice> = {}): Choice {
  return { kind, serviceHost: null, boot: false, folders: foldersIn(placesOf(kind, caller)), ...more };
}

function paths(items: readonly Item[]): readonly string[] {
  return items.map((item) => `${item.path}${item.kind === 'folder' ? `/ ${item.mode.toString(8)}` : ''}`);
}

test('for a single user everything is where the XDG specification, the shells and systemd look', () => {
  expect(paths(plannedItems(choice('user', { boot: true }), caller, materials('user')))).toEqual([
    '/home/ada/.config/mln/ 700',
    '/home/ada/.local/share/mln/ 700',
    '/home/ada/.local/share/mln/projects/ 700',
    '/home/ada/.local/share/mln/templates/ 700',
    '/home/ada/.local/share/mln/files/ 700',
    '/home/ada/.config/mln/mln.config.yaml',
    '/home/ada/.local/share/bash-completion/completions/mln',
    '/home/ada/.local/share/zsh/site-functions/_mln',
    '/home/ada/.local/share/fish/vendor_completions.d/mln.fish',
    '/home/ada/.local/share/man/man1/mln.1',
    '/home/ada/.config/systemd/user/mln.service',
    '/home/ada/.config/systemd/user/default.target.wants/mln.service',
  ]);
});

test('for the whole system it is what an administrator installs', () => {
  expect(paths(plannedItems(choice('system'), caller, materials('system')))).toEqual([
    '/etc/mln/ 755',
    '/var/lib/mln/ 755',
    '/var/lib/mln/projects/ 700',
    '/var/lib/mln/templates/ 700',
    '/var/lib/mln/files/ 700',
    '/run/mln/ 755',
    '/etc/tmpfiles.d/mln.conf',
    '/etc/mln/mln.config.yaml',
    '/usr/local/share/bash-completion/completions/mln',
    '/usr/local/share/zsh/site-functions/_mln',
    '/usr/local/share/fish/vendor_completions.d/mln.fish',
    '/usr/local/share/man/man1/mln.1',
  ]);
});

test('a prefix is for packages: theirs are the folders, and what links lead to is without it', () => {
  const items = plannedItems(
    choice('service-host', { boot: true, serviceHost: 'gw' }),
    { ...caller, prefix: '/stage' },
    materials('system', { parts: { ...materials('system').parts, units: [{ name: 'mln-x.service', text: 'x' }] } }),
  );
  expect(paths(items)).toEqual(
    expect.arrayContaining([
      '/stage/usr/share/man/man1/mln.1',
      '/stage/usr/lib/tmpfiles.d/mln.conf',
      '/stage/usr/lib/systemd/system/mln.service',
      '/stage/usr/lib/systemd/system/mln-x.service',
    ]),
  );
  expect(items.filter(({ kind }) => kind === 'link')).toEqual(
    ['mln.service', 'mln-x.service'].map((name) => ({
      kind: 'link',
      what: 'unit that is enabled',
      path: `/stage/etc/systemd/system/multi-user.target.wants/${name}`,
      target: `/usr/lib/systemd/system/${name}`,
    })),
  );
});

test('what plug-ins add is made beside the rest; users and groups on the machine itself alone', () => {
  const parts = {
    ...materials('system').parts,
    items: [
      { kind: 'file', what: 'roles', path: '/etc/mln/roles', text: 'r', own: true },
      { kind: 'account', what: 'guests', path: 'user guests', account: 'user', name: 'guests' },
    ] as const,
    units: [{ name: 'mln-x.service', text: 'x' }],
  };
  const planned = (prefix: string | null): readonly string[] =>
    paths(plannedItems(choice('service-host'), { ...caller, prefix }, materials('system', { parts })));
  expect(planned(null).slice(-4)).toEqual([
    '/etc/mln/roles',
    'user guests',
    '/etc/systemd/system/mln-x.service',
    '/etc/systemd/system/multi-user.target.wants/mln-x.service',
  ]);
  expect(planned('/stage').slice(-3)).toEqual([
    '/stage/etc/mln/roles',
    '/stage/usr/lib/systemd/system/mln-x.service',
    '/stage/etc/systemd/system/multi-user.target.wants/mln-x.service',
  ]);
});

test('the unit that starts projects calls mln by paths, quoted as systemd reads them', () => {
  const odd = { ...launcher, command: ['/opt/a b/node', '/opt/$x%"y/mln.js'] };
  expect(bootUnit('system', odd, { target: 'multi-user.target', environment: {} })).toBe(
    String.raw`# Written by mln setup. Once it is changed, setup leaves it alone.
[Unit]
Description=Networks of virtual machines (mln)
Documentation=man:mln(1) man:mln-start(1) man:mln-stop(1)
Wants=network-online.target
After=network-online.target remote-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=PATH=/usr/bin:/bin
ExecStart="/opt/a b/node" "/opt/$$x%%\"y/mln.js" start -a
ExecStop="/opt/a b/node" "/opt/$$x%%\"y/mln.js" stop -a -w 60
# Some projects could not be started; the others go on.
SuccessExitStatus=3
TimeoutStopSec=15min
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`,
  );
  const user = bootUnit('user', launcher, { target: 'default.target', environment: { XDG_DATA_HOME: '/data/a b' } });
  expect(user).toContain('\nEnvironment="XDG_DATA_HOME=/data/a b"\n');
  expect(user).not.toContain('network-online');
});

function executable(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
  return path;
}

test('units call mln and Node by the names on the PATH that lead to them, else by their files', () => {
  const root = scratchFolder();
  const script = executable(join(root, 'lib/node_modules/mln/bin/mln.js'));
  const node = executable(join(root, 'opt/node-20.19.1/bin/node'));
  const other = executable(join(root, 'other/mln'));
  mkdirSync(join(root, 'bin'));
  symlinkSync(script, join(root, 'bin/mln'));
  symlinkSync(node, join(root, 'bin/node'));
  const called = { script, node, path: `:relative:${dirname(other)}:${join(root, 'bin')}` };
  expect(findLauncher(called)).toEqual({
    command: [join(root, 'bin/node'), join(root, 'bin/mln')],
    path: `${join(root, 'bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    onPath: true,
    note: null,
  });
  expect(findLauncher({ ...called, script: join(root, 'bin/mln'), path: '/usr/bin' })).toMatchObject({
    command: [node, script],
    onPath: false,
  });
});

test.each([
  ['.nvm/versions/node/v20.19.1', /one version of Node/],
  ['.npm/_npx/abc/node_modules/.bin', /goes away/],
  ['usr', null],
])('mln in %s is told of as what it is', (folder, note) => {
  const root = scratchFolder();
  const script = executable(join(root, folder, 'lib/mln.js'));
  const node = executable(join(root, folder, 'bin/node'));
  const found = findLauncher({ script, node, path: join(root, folder, 'bin') });
  if (note === null) expect(found.note).toBeNull();
  else expect(found.note).toMatch(note);
});

test('names in folders that are gone with the shell are not used', () => {
  const root = scratchFolder();
  const script = executable(join(root, 'lib/mln.js'));
  mkdirSync(join(root, 'fnm_multishells/1'), { recursive: true });
  symlinkSync(script, join(root, 'fnm_multishells/1/mln'));
  const found = findLauncher({ script, node: script, path: join(root, 'fnm_multishells/1') });
  expect(found).toMatchObject({ command: [script, script], onPath: false });
});

test('what came with a package is left to it, and its unit is enabled', () => {
  const root = scratchFolder();
  for (const path of ['share/man/man1/mln.1.gz', 'share/zsh/vendor-completions/_mln', 'lib/systemd/system/mln.service'])
    executable(join(root, 'usr', path));
  const script = executable(join(root, 'usr/lib/mln/bin/mln.js'));
  const items = plannedItems(choice('system', { boot: true }), caller, materials('system'));
  const left = withoutPackaged(items, { script, user: false, root });
  const gone = paths(items).filter((path) => !paths(left).includes(path));
  expect(gone).toEqual([
    '/usr/local/share/zsh/site-functions/_mln',
    '/usr/local/share/man/man1/mln.1',
    '/etc/systemd/system/mln.service',
  ]);
  expect(left.at(-1)).toMatchObject({ kind: 'link', target: join(root, 'usr/lib/systemd/system/mln.service') });
  expect(withoutPackaged(items, { script: join(root, 'opt/mln.js'), user: false, root })).toEqual(items);
});

test('systemd is asked about the units, and what it says of others is nobody’s business', async () => {
  const asked: (readonly string[])[] = [];
  const shell = fakeShell((program, args) => {
    asked.push([program, ...args]);
    return { exitCode: 1, stderr: '/x/mln.service:3: Unknown key\nother.service: is odd\n' };
  });
  expect(await faultsOfUnits(shell, 'user', ['/x/mln.service'])).toEqual(['/x/mln.service:3: Unknown key']);
  expect(await faultsOfUnits(shell, 'user', [])).toEqual([]);
  expect(asked).toEqual([['systemd-analyze', 'verify', '--man=no', '--user', '/x/mln.service']]);
  expect(
    await faultsOfUnits(
      fakeShell(() => null),
      'system',
      ['/x/mln.service'],
    ),
  ).toEqual([]);
  const running = scratchFolder();
  const failing = fakeShell(() => ({ exitCode: 1, stderr: 'no bus' }));
  expect(await reload(failing, 'user', running)).toContain('no bus');
  expect(await reload(failing, 'user', join(running, 'none'))).toBeNull();
});
