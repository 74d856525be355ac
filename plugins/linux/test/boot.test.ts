import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { configure, oneHost } from './configure.js';
import { fakeFilesystem, outline, written } from './fake-filesystem.js';

const busybox = '--- /bin/busybox\n';

/** Families by what is in their templates alone. */
const families = [
  ['--- /etc/alpine-release\n--- /etc/init.d/\n', '/etc/runlevels/default/mln'],
  ['--- /usr/lib/systemd/systemd\n', '/etc/systemd/system/mln.service'],
  ['--- /usr/lib/systemd/systemd\n--- /sbin/ifup\n--- /etc/debian_version\n', '/etc/systemd/system/mln.service'],
  ['--- /usr/lib/systemd/systemd\n--- /etc/inittab\n--- /etc/rc2.d/\n', '/etc/rc2.d/S99mln'],
  ['--- /etc/sysconfig/network-scripts/\n--- /etc/rc.d/rc3.d/\n', '/etc/rc.d/rc3.d/S99mln'],
  ['--- /etc/rc2.d/\n', '/etc/rc2.d/S99mln'],
  [busybox, '/etc/init.d/rcS'],
  ['--- /etc/init.d/rcS 0755\n#!/bin/sh\n', '/etc/init.d/rcS'],
] as const;

test.each(families)('%j calls the boot by %s', async (template, path) => {
  const edits = await configure(oneHost(''), fakeFilesystem(template));
  expect(edits.map((edit) => edit.path)).toContain(path);
  expect(written(edits, '/etc/mln/boot')).toContain('echo "mln: gw.lab is ready$result" >/dev/console\n');
});

test('a template of no known family is refused', async () => {
  await expect(configure(oneHost(''), fakeFilesystem('--- /etc/plan9\n'))).rejects.toMatchObject({
    code: 'MLN_UNSUPPORTED',
    message: 'gw: its template is of no family of Linux that is known',
    problems: [{ place: { line: 4 } }],
  });
});

const texts = [
  { name: 'lines', body: 'startup {\n  echo one\n    echo two\n}', expected: '#!/bin/sh\necho one\n  echo two\n' },
  { name: 'its own interpreter', body: 'startup {\n  #!/bin/bash -e\n  x=1\n}', expected: '#!/bin/bash -e\nx=1\n' },
  { name: 'variables', body: 'startup { echo $hostname "$HOME" }', expected: '#!/bin/sh\necho gw "$HOME"\n' },
  { name: 'nothing', body: '', expected: null },
];

test.each(texts)('startup: $name', async ({ body, expected }) => {
  const edits = await configure(oneHost(body), fakeFilesystem(busybox));
  expect(written(edits, '/etc/mln/startup')).toBe(expected);
  if (expected !== null) expect(outline(edits)).toContain('file 0755 0:0 /etc/mln/startup');
});

/** The template's own boot does what its scripts name. */
const rcS = [
  { name: 'does nothing', text: 'true\n', modprobe: true, ifup: true },
  { name: 'loads modules', text: 'for m in $(cat /etc/modules); do modprobe $m; done\n', modprobe: false, ifup: true },
  { name: 'brings up interfaces', text: 'ifup -a\n', modprobe: true, ifup: false },
];

test.each(rcS)('busybox: the boot of a template that $name', async ({ text, modprobe, ifup }) => {
  const template = `${busybox}--- /etc/init.d/rcS 0755\n#!/bin/sh\n${text}`;
  const body = 'modules { "odd name" o=\'x\' }\nnetwork eth0 { switch a }';
  const edits = await configure(`${oneHost(body)}switch a { }\n`, fakeFilesystem(template));
  const boot = written(edits, '/etc/mln/boot') ?? '';
  expect(/^modprobe .*$/m.exec(boot)?.[0]).toBe(modprobe ? "modprobe 'odd name' 'o='\\''x'\\'''" : undefined);
  expect(/^ifup -a$/m.test(boot)).toBe(ifup);
});

test('a template that calls mln’s scripts itself is left alone', async () => {
  const template =
    `${busybox}--- /etc/init.d/rcS 0755\n#!/bin/sh\n/etc/mln/boot\n` +
    '--- /etc/init.d/rcK 0755\n#!/bin/sh\n/etc/mln/shutdown\n--- /etc/inittab\n::sysinit:/etc/init.d/rcS\n';
  const edits = await configure(oneHost('shutdown { sync }'), fakeFilesystem(template));
  expect(edits.map((edit) => edit.path).filter((path) => path.includes('init'))).toEqual([]);
});

test('the scripts are sound in the eyes of a shell', async () => {
  for (const [template] of families) {
    const edits = await configure(oneHost('startup { true }\nshutdown { true }'), fakeFilesystem(template));
    for (const { path } of edits)
      if (/\/mln\/|init\.d/.test(path) && written(edits, path)?.startsWith('#!') === true)
        execFileSync('dash', ['-n'], { input: written(edits, path) ?? '', stdio: ['pipe', 'pipe', 'pipe'] });
  }
});
