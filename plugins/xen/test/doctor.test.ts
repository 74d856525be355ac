import { expect, test } from '@jest/globals';
import type { ShellResult } from '@mln/core';
import { fakeShell, found } from '../../../test/support/examine.js';
import xen from '../src/index.js';

// xl info of Xen 4.17, shortened.
const info = `host                   : lab
release                : 6.1.0-25-amd64
nr_cpus                : 4
total_memory           : 16335
free_memory            : 1234
xen_version            : 4.17.5
`;
const dom0 = 'xencall: error: Could not obtain handle on privileged command interface: No such file or directory\n';

type Xl = Partial<ShellResult> | string | null;

const cases: readonly [what: string, xl: Xl, options: Record<string, unknown>, state: string, detail: RegExp][] = [
  ['that runs Xen', info, {}, 'ok', /^Xen 4.17.5, 1234 of 16335 MiB free, 4 processors$/],
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
  const shell = fakeShell((program) => (program === 'xl' ? info : { exitCode }));
  const all = await found(xen, { shell, options: { bridge: 'xenbr0' } });
  expect(all.get('bridge')).toMatchObject({ state });
});
