import { expect, test } from '@jest/globals';
import autoenum from '@mln/plugin-autoenum';
import { createCommands } from '../../../core/src/commands.js';
import { readingOptions } from '@mln/core';
import { coreVerbs } from '../../../core/src/cli/verbs.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import { outline } from './resolved.js';

const two = 'autoenum { superclass node; numhosts 5 } autoenum more { superclass node; hostprefix m; numhosts 5 }';

const usage = (part: string): string =>
  `- MLN_USAGE --scale takes NAME=N, not ${JSON.stringify(part)} | NAME is a superclass that autoenum counts out, N how many hosts there are to be`;
const range = (part: string): string => `- MLN_USAGE --scale ${part}: there can be 1 to 65536 hosts`;

const asked: readonly [scale: string | readonly string[], expected: readonly string[]][] = [
  ['node=1,m=1', ['m1', 'node1']],
  ['more=2,node=1', ['m1', 'm2', 'node1']],
  ['node=1', ['m1', 'node1']],
  ['m=1', ['m1', 'node1', 'node2', 'node3', 'node4', 'node5']],
  ['nod=1', ['- MLN_USAGE --scale: nothing counts out nod | did you mean node?']],
  ['other=1', ['- MLN_USAGE --scale: nothing counts out other | known are node, more, m']],
  ['__proto__=1', ['- MLN_USAGE --scale: nothing counts out __proto__ | known are node, more, m']],
  ['node=1,node=2', ['- MLN_USAGE --scale gives node twice']],
  ['node=65537', [range('node=65537')]],
  ['node=0', [range('node=0')]],
  ['node=99999999999999999999', [range('node=99999999999999999999')]],
  ...['node', 'node=-1', 'node=1.5', 'node=', '', '=1', 'node=1=2', 'node=x'].map((text): [string, string[]] => [
    text,
    [usage(text)],
  ]),
  ['node=1,', [usage('')]],
  [
    ['node=1', 'more=2'],
    ['m1', 'm2', 'node1'],
  ],
  [['node=1', 'node=1'], ['- MLN_USAGE --scale gives node twice']],
];

test.each(asked)('--scale %s', async (scale, expected) => {
  expect(await outline(two, { scale })).toEqual(expected);
});

test('a project without autoenum cannot be scaled', async () => {
  expect(await outline('', { scale: 'node=1' })).toEqual([
    '- MLN_USAGE --scale: nothing counts out node | the project has no autoenum block',
  ]);
});

test('what is wrong with the project is told first', async () => {
  expect(await outline('autoenum { superclass nod; numhosts 5 }', { scale: 'nod=1' })).toEqual([
    '2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?',
  ]);
});

test('more hosts than the network has room for, or the servers take', async () => {
  const block = 'autoenum { superclass node; numhosts 2; network 10.0.0.0; service_hosts { s 3 } }';
  expect(await outline(block, { scale: 'node=3' })).toEqual([
    'node1 10.0.0.1/24 s',
    'node2 10.0.0.2/24 s',
    'node3 10.0.0.3/24 s',
  ]);
  expect(await outline(block, { scale: 'node=255' })).toEqual([
    '2:41 MLN_BAD_ADDRESS 255 hosts do not fit into 10.0.0.0/24: from 1 on it has 254 addresses | count out fewer hosts, or give the superclass a netmask with more room',
    '2:59 MLN_BAD_VALUE the service hosts take 3 of 255 hosts; 252 are left over | leave out a count, or give one of them all',
  ]);
});

test('every verb that reads a project file has the option, those of other plug-ins too', async () => {
  const mln = await testKernel([
    autoenum,
    ({ hooks }) => {
      hooks.commands.tap('late', (commands) => {
        const run = (): Promise<0> => Promise.resolve(0);
        commands.add({ name: 'graph', summary: 'reads', options: readingOptions, run });
        commands.add({ name: 'other', summary: 'does not', run });
      });
    },
  ]);
  const commands = createCommands();
  for (const verb of coreVerbs) commands.add(verb);
  mln.hooks.commands.call(commands);
  const scaled = commands.all.filter(({ options }) => options?.some(({ flags }) => flags.startsWith('--scale')));
  const reading = ['build', 'diff', 'graph', 'parse', 'plan', 'upgrade', 'validate', 'why'];
  expect(scaled.map(({ name }) => name).sort()).toEqual(reading);
});

test('a command line without these verbs is left alone', async () => {
  const mln = await testKernel([autoenum]);
  const commands = createCommands();
  mln.hooks.commands.call(commands);
  expect(commands.all).toEqual([]);
});
