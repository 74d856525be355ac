import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { decide } from '../src/decide.js';
import { isMlnError } from '../src/errors.js';
import { planProject } from '../src/plan.js';
import { unitsOf } from '../src/project.js';
import { readProject } from '../src/read-project.js';
import { fakeMln } from './fake-hypervisor.js';
import { scratchFolder } from './scratch.js';

/* What only a plan finds out stands at the line that says it. */

const folder = scratchFolder();

async function faultsOf(body: string): Promise<readonly string[]> {
  const mln = await fakeMln(folder);
  const { project } = await readProject(mln, join(folder, 'x.mln'), { text: `global { project p }\n${body}` });
  const decided = decide(project, null);
  try {
    const { warnings } = await planProject(mln, decided, unitsOf(decided), null);
    return warnings.map(({ code }) => code);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, place }) => `${place?.line ?? ''}:${place?.column ?? ''} ${code}`);
  }
}

test.each([
  ['host a { }', '2:1 MLN_NO_TEMPLATE'],
  ['host a {\n  template nope }', '3:3 MLN_NO_TEMPLATE'],
  ['superclass s { template nope }\nhost a { superclass s }', '2:16 MLN_NO_TEMPLATE'],
  ['host a {\n  filesystem nope.img }', '3:3 MLN_NO_FILE'],
])('%j', async (body, expected) => {
  expect(await faultsOf(body)).toEqual([expected]);
});
