import { expect, test } from '@jest/globals';
import { takeGlobalFlags } from '../src/cli/global-options.js';
import { headingOf } from '../src/cli/help-groups.js';
import { coreVerbs } from '../src/cli/verbs.js';

test.each([
  [['-P', 'x', 'list'], { projects: 'x' }, ['list']],
  [['list', '-Tx', '-F=y'], { templates: 'x', files: 'y' }, ['list']],
  [['list', '--config=c', '-L', 's1', '--json'], { config: 'c', serviceHost: 's1' }, ['list', '--json']],
  [['-p', 'x', '--configure', '-Q'], {}, ['-p', 'x', '--configure', '-Q']],
])('%j is taken apart', (argv, flags, rest) => {
  expect(takeGlobalFlags(argv)).toEqual({ flags, rest });
});

test.each([[['list', '-P']], [['list', '-P', '']], [['--config=']]])('%j lacks a value', (argv) => {
  expect(() => takeGlobalFlags(argv)).toThrow('takes a value');
});

test('every verb of the core that is shown has its place in the help', () => {
  const shown = coreVerbs.filter(({ hidden }) => hidden !== true).map(({ name }) => name.split(' ')[0] ?? '');
  expect(shown.filter((word) => headingOf(word) === headingOf('a plug-in’s'))).toEqual([]);
});
