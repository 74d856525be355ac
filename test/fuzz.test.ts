import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { fc } from './support/fast-check.js';
import { attacks } from './support/fuzz-attacks.js';
import { fuzzInputs, realProjects } from './support/fuzz-inputs.js';
import { inAllFormats, sharedProperties, wholeWay } from './support/fuzz-way.js';
import { root, standardKernel } from './support/standard-tables.js';

/*
 * Whatever stands in a project file, mln reads it as a project or refuses it with errors for users, and leaves nothing
 * behind. `npm run bench -- fuzz` does the same with a hundred thousand inputs.
 */

const folder = mkdtempSync(join(tmpdir(), 'mln-fuzz-'));
const mln = await standardKernel();
const inputs = fuzzInputs(mln.keywords, await inAllFormats(mln, realProjects(root)));
const go = wholeWay(mln, folder);
const before = sharedProperties();

afterEach(() => {
  expect(sharedProperties()).toBe(before);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['bytes', 600],
  ['soup', 800],
  ['damaged', 600],
] as const)('any %s are read, or refused with errors', async (kind, numRuns) => {
  await fc.assert(
    fc.asyncProperty(inputs[kind], async (input) => {
      await go(input);
    }),
    { numRuns },
  );
});

test.each(attacks)('%s', async (_, make, code) => {
  expect(await go({ file: 'x.mln', content: make() })).toMatchObject({ code, projects: code === null ? 2 : 0 });
});
