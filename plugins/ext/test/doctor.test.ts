import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { runShell } from '../../../core/src/shell.js';
import { fakeShell, found } from '../../../test/support/examine.js';
import ext from '../src/index.js';

test('an image is made, edited, grown and checked for real, and nothing of it is left', async () => {
  const all = await found(ext, { shell: runShell });
  expect(all.get('e2fsprogs')).toMatchObject({ state: 'ok', detail: expect.stringMatching(/debugfs \d+\.\d+/) });
  expect(all.get('image')).toMatchObject({ state: 'ok' });
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`.mln-doctor-${process.pid}-`))).toEqual([]);
});

test('without debugfs its package is named, and nothing is tried', async () => {
  const all = await found(ext, { shell: fakeShell((program) => (program === 'debugfs' ? null : '')) });
  expect(all.get('e2fsprogs')).toMatchObject({ state: 'missing', remedy: 'apt-get install e2fsprogs' });
  expect(all.get('image')).toMatchObject({ state: 'missing', detail: 'not tried: without debugfs' });
});

test('an image that cannot be checked is told by what e2fsck says', async () => {
  const shell: typeof runShell = async (program, args, options) => {
    if (program === 'e2fsck') return fakeShell(() => ({ exitCode: 4, stdout: 'Inode 12 is broken\n' }))(program, args);
    return runShell(program, args, options);
  };
  expect((await found(ext, { shell, only: ['image'] })).get('image')).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('Inode 12 is broken'),
  });
});
