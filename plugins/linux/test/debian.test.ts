import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CommandContext, Mln, Shell } from '@mln/core';
import { buildDebian } from '../src/debian.js';
import { inits } from '../src/debian-inits.js';
import { buildCommand } from '../src/debian-script.js';
import { runShell } from '../../../core/src/shell.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import { fakeFilesystem, type FakeFilesystem } from './fake-filesystem.js';
import { fakes, fakeShell, namespaces, there } from './fake-shell.js';

/* The recipe as a whole, with no mmdebstrap: what is asked of it, and what is made of its image. */

/** What mmdebstrap leaves behind that guests must not share, and what each init brings. */
const installed = `--- /etc/shadow 0640 0:42
root:*:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
--- /etc/passwd
root:x:0:0:root:/root:/bin/bash
--- /etc/inittab
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
--- /etc/fstab
# UNCONFIGURED
--- /etc/hostname
builder
--- /etc/resolv.conf -> /run/resolv.conf
--- /etc/machine-id 0444
0123456789abcdef0123456789abcdef
--- /etc/apt/sources.list
deb http://jack:secret@m.example/debian stable main
--- /etc/default/ssh
SSHD_OPTS=
--- /etc/ssh/sshd_config
Port 22
--- /etc/ssh/ssh_host_ed25519_key 0600
key
--- /etc/ssh/ssh_host_ed25519_key.pub
key
--- /etc/systemd/system/timers.target.wants/fstrim.timer -> /lib/systemd/system/fstrim.timer
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mln-debian-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function build(shell: Shell, options: Record<string, string>, filesystem: FakeFilesystem) {
  const kernel = await testKernel([
    (mln: Mln) => {
      mln.hooks.filesystem.tapPromise('fake', () => Promise.resolve(filesystem));
    },
  ]);
  const notes: string[] = [];
  const terminal = {
    note: (text: string) => notes.push(text),
    report: ({ text }: { text: string }) => notes.push(text),
  } as unknown as CommandContext['terminal'];
  const built = await buildDebian(
    { mln: { ...kernel, shell }, terminal, version: '1', commands: [] },
    join(folder, 'image'),
    options,
  );
  return { built, notes };
}

test.each(inits.map(({ name }) => name))('%s: the image is made a template', async (name) => {
  const filesystem = fakeFilesystem(installed);
  const answer = {
    match: /^setpriv .* sh -c/,
    stdout: 'apt\t2.6\nlibc6:amd64\t2.36\n',
    stderr: 'I: running apt-get update...\nW: nothing\nI: writing the image...\n',
  };
  const shell = fakeShell(there, answer, namespaces);
  const { built, notes } = await build(
    shell,
    { init: name, suite: 'stable', mirror: 'http://jack:secret@m.example/debian' },
    filesystem,
  );
  expect(notes).toEqual(['running apt-get update', 'writing the image']);
  expect(built.recipe).toEqual({
    init: name,
    suite: 'stable',
    packages: [],
    mirrors: ['http://m.example/debian'],
    installed: { apt: '2.6', 'libc6:amd64': '2.36' },
  });
  // A password in an address is for no list of processes.
  expect(shell.asked.join('\n')).not.toContain('secret');
  expect(shell.inputs).toContain('deb http://jack:secret@m.example/debian stable main\n');
  const text = (path: string): string | undefined => filesystem.nodes.get(path)?.content.toString();
  expect(text('/etc/shadow')).toMatch(/^root::19000:[^]*^daemon:\*:/m);
  expect(filesystem.nodes.get('/etc/shadow')).toMatchObject({ mode: 0o640, group: 42 });
  expect(text('/etc/apt/sources.list')).toBe('deb http://m.example/debian stable main\n');
  expect(text('/etc/machine-id')).toBe('');
  expect(filesystem.nodes.get('/etc/resolv.conf')).toMatchObject({ type: 'file', mode: 0o644 });
  expect([...filesystem.nodes.keys()].filter((path) => path.includes('ssh_host_'))).toEqual([]);
  expect(text('/etc/inittab')).toContain(
    name === 'quick' ? 'sysinit:/usr/local/sbin/quick-boot' : 'sysinit:/etc/init.d/rcS',
  );
  expect(filesystem.nodes.has('/usr/local/sbin/quick-boot')).toBe(name === 'quick');
  expect(filesystem.nodes.has('/etc/systemd/system/ssh.service.d/keys.conf')).toBe(name === 'systemd');
  expect(filesystem.nodes.has('/etc/systemd/system/timers.target.wants/fstrim.timer')).toBe(name !== 'systemd');
  expect(text('/etc/default/ssh')?.includes('ssh-keygen -A')).toBe(name !== 'systemd');
});

test('the second best way is told of, and a failure without the password of the mirror', async () => {
  const answer = { match: /setsid/, exitCode: 25, stderr: 'E: Failed to fetch http://j:secret@m.example/x\n' };
  const shell = fakeShell(there, fakes, answer);
  const options = { suite: 'stable', mirror: 'http://j:secret@m.example/' };
  const error: unknown = await build(shell, options, fakeFilesystem(installed)).catch((each: unknown) => each);
  expect(String(error)).toContain('http://m.example/x');
  expect(JSON.stringify(error)).not.toContain('secret');
});

test('the scripts are such as a plain shell reads', async () => {
  for (const mode of ['root', 'fakechroot'] as const) {
    const [, args] = buildCommand(mode, {
      suite: 'stable',
      packages: [],
      sources: false,
      size: null,
      image: '/t/image',
      folder: '/t/f',
    });
    const script = args[args.indexOf('-c') + 1] ?? '';
    await writeFile(join(folder, mode), script);
    await runShell('dash', ['-n', join(folder, mode)]);
    await runShell('shellcheck', ['--shell=dash', '--exclude=SC2016', join(folder, mode)]);
  }
  const filesystem = fakeFilesystem(installed);
  await build(fakeShell(there, namespaces), { suite: 'stable', mirror: 'http://m.example/' }, filesystem);
  const boot = filesystem.nodes.get('/usr/local/sbin/quick-boot')?.content ?? Buffer.alloc(0);
  await writeFile(join(folder, 'boot'), boot);
  await runShell('shellcheck', ['--shell=dash', '--exclude=SC2086', join(folder, 'boot')]);
});
