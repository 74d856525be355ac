import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bootTold, endOfLog, panicTold } from '../src/console-log.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

const long = 'x'.repeat(300 * 1024);

test.each<[string | null, boolean | null, string | null]>([
  [null, null, null],
  ['', false, null],
  ['booting\n', false, null],
  ['mln: a.ring is ready\n', true, null],
  ['mln: a.ring is ready (startup ended with 3)\n', true, 'startup ended with 3'],
  ['mln: a.ring is ready (startup ended with 3)\nmln: a.ring is ready\n', true, null],
  ['mln: b.ring is ready\n', false, null],
  [`${long}mln: a.ring is ready\n`, true, null],
])('what %.40j tells of a boot', (log, ready, detail) => {
  const directory = scratchFolder();
  mkdirSync(join(directory, 'a'));
  if (log !== null) writeFileSync(join(directory, 'a/console.log'), log);
  expect(bootTold(fakeHost('a'), fakeProject({ directory }))).toEqual({ ready, detail });
});

test('the end of a log is looked at, and not all of it', () => {
  const path = join(scratchFolder(), 'log');
  writeFileSync(path, `first ${long} last`);
  const end = endOfLog(path)?.toString() ?? '';
  expect([end.includes('first'), end.endsWith(' last')]).toEqual([false, true]);
});

test.each([
  [
    '[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\nmore',
    'its kernel panicked: VFS: Unable to mount root fs',
  ],
  ['all is well\n', null],
])('what %j says of a panic', (log, expected) => {
  expect(panicTold(log)).toBe(expected);
});
