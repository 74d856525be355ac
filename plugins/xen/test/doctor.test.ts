import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { doctorHook, type Plugin, type Shell, type ShellResult } from '@mln/core';
import { scratchFolder } from '../../../core/test/scratch.js';
import { fakeShell, found } from '../../../test/support/examine.js';
import { addChecks } from '../src/doctor.js';
import type { Options } from '../src/guest-type.js';
import xen from '../src/index.js';
import { captured, fakeXen } from './xl-fake.js';

const dom0 = 'xencall: error: Could not obtain handle on privileged command interface: No such file or directory\n';

type Xl = Partial<ShellResult> | string | null;

const cases: readonly [what: string, xl: Xl, options: Record<string, unknown>, state: string, detail: RegExp][] = [
  ['that runs Xen', captured('info'), {}, 'ok', /^Xen 4.17.7, 556 of 1535 MiB free, 2 processors$/],
  ['without xl', null, {}, 'absent', /xl is not installed/],
  ['without xl, and a bridge is configured', null, { bridge: 'xenbr0' }, 'missing', /xl is not installed/],
  ['that has not booted Xen', { exitCode: 1, stderr: dom0 }, {}, 'absent', /xl info fails: xencall/],
];

test.each(cases)('a machine %s', async (_, xl, options, state, detail) => {
  const shell = fakeShell((program) => (program === 'xl' ? xl : ''));
  expect((await found(xen, { shell, options })).get('xl')).toMatchObject({
    state,
    detail: expect.stringMatching(detail),
  });
});

test('who asks for Xen by name needs it', async () => {
  const shell = fakeShell(() => null);
  expect((await found(xen, { shell, only: ['xl'] })).get('xl')).toMatchObject({
    state: 'missing',
    remedy: expect.stringContaining('xen-system-amd64'),
  });
});

test.each([
  [0, 'ok'],
  [1, 'missing'],
])('ip ends with %i: a configured bridge is %s', async (exitCode, state) => {
  const shell = fakeShell((program) => (program === 'xl' ? captured('info') : { exitCode }));
  const all = await found(xen, { shell, options: { bridge: 'xenbr0' } });
  expect(all.get('bridge')).toMatchObject({ state });
});

/** The plug-in’s checks, on a machine whose files are these. */
function checksOn(files: readonly string[], configuration = ''): Plugin {
  const root = scratchFolder();
  for (const folder of ['boot', 'etc/xen']) mkdirSync(join(root, folder), { recursive: true });
  for (const file of files) writeFileSync(join(root, file), '');
  writeFileSync(join(root, 'etc/xen/xl.conf'), configuration);
  return (mln, options) => {
    doctorHook(mln).tap('xen', (checks) => {
      addChecks(checks, mln, options, { root, uid: 0 });
    });
  };
}

const memories: readonly [free: number, commandLine: string, state: string, detail: string][] = [
  [556, 'dom0_mem=768M', 'ok', '556 MiB free for guests'],
  [556, '', 'ok', '556 MiB free for guests, and 640 MiB that Domain-0 gives up'],
  [12, '', 'ok', '12 MiB free for guests, and 640 MiB that Domain-0 gives up'],
  [12, 'dom0_mem=768M', 'warning', '12 MiB free for guests'],
];

test.each(memories)(
  'with %d MiB free, and Xen booted with %j, memory is %s',
  async (free, commandLine, state, detail) => {
    const fake = fakeXen();
    Object.assign(fake, { free, commandLine });
    const all = await found(checksOn([]), { shell: fake.shell });
    expect(all.get('memory')).toMatchObject({ state, detail });
  },
);

test.each<[string, (shell: ReturnType<typeof fakeXen>) => unknown, RegExp]>([
  ['xl is not installed', ({ missing }) => missing.add('xl'), /not known without xl/],
  ['Xen does not run', (fake) => Object.assign(fake, { broken: dom0 }), /xl cannot ask the hypervisor/],
])('where %s, nothing is known of memory, and nobody needs it', async (_, spoil, detail) => {
  const fake = fakeXen();
  spoil(fake);
  const all = await found(checksOn([]), { shell: fake.shell });
  expect(all.get('memory')).toMatchObject({ state: 'absent', detail: expect.stringMatching(detail) });
});

const noShell: Shell = fakeShell(() => null);
const kernels: readonly [files: readonly string[], options: Options, state: string, detail: string][] = [
  [['vmlinuz', 'initrd.img'], {}, 'ok', '/vmlinuz, /initrd.img'],
  [['vmlinuz'], {}, 'missing', 'not here, or not readable: /initrd.img'],
  [[], {}, 'missing', 'not here, or not readable: /vmlinuz, /initrd.img'],
  [['boot/mine'], { kernel: '/boot/mine' }, 'ok', '/boot/mine'],
  [['boot/mine'], { kernel: '/boot/mine', ramdisk: '/boot/none' }, 'missing', 'not here, or not readable: /boot/none'],
];

test.each(kernels)('of %j, with the options %j, the kernel is %s', async (files, options, state, detail) => {
  const all = await found(checksOn(files), { shell: noShell, options: { ...options }, only: ['kernel'] });
  expect(all.get('kernel')).toMatchObject({ state, detail });
});
