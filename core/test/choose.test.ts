import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { chosenFile } from '../src/cli/choose.js';
import { scratchFolder } from './scratch.js';

const before = process.cwd();
afterEach(() => {
  process.chdir(before);
});

test('the only project file of a folder is a file: a pipe counts where it is named', () => {
  const folder = scratchFolder();
  process.chdir(folder);
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe.mln')]);
  expect(() => chosenFile({})).toThrow('there is no *.mln in this folder');
  writeFileSync('lab.mln', '');
  expect(chosenFile({})).toEqual({ file: 'lab.mln' });
  expect(chosenFile({ file: 'pipe.mln' })).toEqual({ file: 'pipe.mln' });
});
