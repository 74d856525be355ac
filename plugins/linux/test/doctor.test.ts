import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { scratchFolder } from '../../../core/test/scratch.js';
import { fakeShell, found, type Answer } from '../../../test/support/examine.js';
import linux from '../src/index.js';

/** A machine whose busybox has these bytes. */
function machine(busybox: string): Answer {
  const path = join(scratchFolder(), 'busybox');
  writeFileSync(path, busybox);
  return (program) => {
    if (program === 'busybox') return `${path}\n`;
    if (program === path) return 'BusyBox v1.35.0 (Debian 1:1.35.0-4) multi-call binary.\n';
    return program === 'mmdebstrap' ? 'mmdebstrap 1.3.5\n' : '';
  };
}

test('a busybox that stands alone makes tiny templates', async () => {
  const all = await found(linux, { shell: fakeShell(machine('static')) });
  expect(all.get('tiny')).toMatchObject({ state: 'ok', detail: expect.stringMatching(/busybox 1\.35\.0$/) });
  expect(all.get('mmdebstrap')).toMatchObject({ state: 'ok', detail: 'mmdebstrap 1.3.5, setpriv, unshare' });
  expect(all.get('debian')).toMatchObject({ state: 'ok' });
});

test.each([
  ['that needs libraries', machine('\x7fELF /lib64/ld-linux-x86-64.so.2')],
  ['that is missing', () => null],
])('a busybox %s is told with the package, and nobody needs it', async (_, answer) => {
  expect((await found(linux, { shell: fakeShell(answer) })).get('tiny')).toMatchObject({
    state: 'absent',
    remedy: 'apt-get install busybox-static',
  });
});

test('without namespaces the slower way is told, and why', async () => {
  const answer = machine('static');
  const shell = fakeShell((program, args) =>
    program === 'setpriv'
      ? { exitCode: 1, stderr: 'unshare failed: Operation not permitted\n' }
      : answer(program, args),
  );
  expect((await found(linux, { shell })).get('debian')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^fakechroot, .*: /),
    remedy: expect.any(String),
  });
});

test('without mmdebstrap it is named, and nothing is tried', async () => {
  const answer = machine('static');
  const shell = fakeShell((program, args) => (program === 'mmdebstrap' ? null : answer(program, args)));
  const all = await found(linux, { shell });
  expect(all.get('mmdebstrap')).toMatchObject({ state: 'absent', remedy: 'apt-get install mmdebstrap' });
  expect(all.get('debian')).toMatchObject({ state: 'absent', detail: 'not tried: without mmdebstrap' });
});
