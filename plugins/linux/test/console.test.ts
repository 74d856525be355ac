import { expect, test } from '@jest/globals';
import { configure, oneHost } from './configure.js';
import { fakeFilesystem, outline, written } from './fake-filesystem.js';

const systemd =
  '--- /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\n--- /etc/debian_version\n12.5\n--- /lib/systemd/systemd 0755\n';
const wants = '/etc/systemd/system/getty.target.wants';

test.each([
  ['', `${wants}/console-getty.service`],
  ['--- /lib/systemd/systemd-udevd 0755\n', `${wants}/serial-getty@hvc0.service`],
  ['--- /usr/lib/systemd/systemd-udevd 0755\n', `${wants}/serial-getty@hvc0.service`],
])('systemd, %j: one login on the console of a hypervisor', async (more, expected) => {
  const lines = outline(await configure(oneHost(''), fakeFilesystem(systemd + more)));
  expect(lines.filter((line) => line.startsWith('symlink') && line.includes(wants))).toEqual([
    expect.stringContaining(expected),
  ]);
});

test('the login that a template has on the console gives way', async () => {
  const filesystem = fakeFilesystem(
    `${systemd}--- /lib/systemd/systemd-udevd 0755\n--- ${wants}/console-getty.service -> /lib/systemd/system/console-getty.service\n`,
  );
  const lines = outline(await configure(oneHost(''), filesystem));
  expect(lines).toContain(`remove ${wants}/console-getty.service`);
});

test.each([
  ['tty1\n', 'tty1\n# mln console begin\nhvc0\n# mln console end\n'],
  ['tty1\nhvc0\n', null],
])('root may log in there, whatever securetty says: %j', async (before, expected) => {
  const edits = await configure(oneHost(''), fakeFilesystem(`${systemd}--- /etc/securetty\n${before}`));
  expect(written(edits, '/etc/securetty') ?? null).toBe(expected);
});
