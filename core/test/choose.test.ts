import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { chosenFile, chosenHostHere } from '../src/cli/choose.js';
import type { CommandContext } from '../src/commands.js';
import { writeState } from '../src/state.js';
import { kernel } from './bare-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';
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

test('a host of another server is none to work on here', async () => {
  const folder = scratchFolder();
  const directory = join(folder, 'kafe');
  const project = fakeProject({
    name: 'kafe',
    directory,
    hosts: [fakeHost('gw'), fakeHost('www1', { serviceHost: 'backend3' })],
  });
  mkdirSync(directory);
  await writeState(directory, { builtAt: '', plugins: {}, templates: {}, project });
  const folders = { projects: folder, templates: folder, files: folder };
  const context = { mln: await kernel([], { folders }) } as CommandContext;
  expect(await chosenHostHere(context, 'gw', {})).toMatchObject({ host: 'gw' });
  await expect(chosenHostHere(context, 'www1.kafe', {})).rejects.toMatchObject({
    code: 'MLN_NO_SERVER',
    problems: [{ message: 'www1.kafe is on backend3', hint: 'give this command there: on backend3' }],
  });
});
