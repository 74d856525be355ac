import { expect, test } from '@jest/globals';
import { isMlnError, unitsOf, type Operation, type Part } from '@mln/core';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { refuseSave } from '../src/no-save.js';

const text = 'global { project p }\nhost a { }\nhost b { }\nhost c { xen }\n';

/** The error, and its hint. */
async function refused(
  hosts: readonly string[],
  details: Partial<Operation> & Partial<Part> = {},
): Promise<string | null> {
  const mln = await testKernel([xen, [uml, { default: true }]]);
  const project = await decided(mln, '/x.mln', text);
  const units = unitsOf(project).filter(({ name }) => hosts.includes(name));
  const operation: Operation = { id: '', name: 'stop', user: '', at: '', options: { save: true }, ...details };
  try {
    await refuseSave(operation, { server: null, phase: 'prepare', units, project, source: '', ...details });
    return null;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    expect([error.code, error.exit]).toEqual(['MLN_UNSUPPORTED', 1]);
    return `${error.message}; ${error.problems[0]?.hint ?? ''}`;
  }
}

test.each<[readonly string[], string | null]>([
  [['a', 'b'], 'the memory of hosts on User-Mode Linux cannot be saved: a, b; mln stop -p p shuts them down'],
  [
    ['a', 'c'],
    'the memory of hosts on User-Mode Linux cannot be saved: a; mln stop -p p shuts them down, mln stop -p p -h c --save saves that of the others',
  ],
  [['c'], null],
  [[], null],
])('to save the memory of %j', async (hosts, expected) => {
  expect(await refused(hosts)).toBe(expected);
});

test.each([{ options: {} }, { name: 'start' }, { phase: 'hosts' }])('%j is another matter', async (details) => {
  expect(await refused(['a', 'b'], details)).toBeNull();
});
