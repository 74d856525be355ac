import { expect, test } from '@jest/globals';
import { wantedAt } from '../src/cli/complete-line.js';
import { coreVerbs } from '../src/cli/verbs.js';
import { createCommands } from '../src/commands.js';
import { Exit } from '../src/codes.js';

const table = createCommands();
for (const verb of coreVerbs) table.add(verb);
table.add({
  name: 'draw',
  aliases: ['paint'],
  summary: 'Draws.',
  arguments: '<what...>',
  completes: [['square', 'circle']],
  options: [{ flags: '--ink [colour]', help: 'its colour', completes: ['red'] }],
  run: () => Promise.resolve(Exit.done),
});

const wanted = (line: string): ReturnType<typeof wantedAt> => wantedAt(table.all, line.split(' '));
const words = (line: string): string[] => wanted(line).words.map(({ word }) => word);

test.each([
  ['sta', ['start', 'status']],
  ['pa', ['parse', 'paint']],
  ['template a', ['add']],
  ['template', ['template']],
  ['disk ', ['flatten', 'resize']],
  ['help te', ['template']],
  ['help template ver', ['verify']],
  ['help start ', []],
  ['compl', ['completion']],
  ['nothing ', []],
  ['nothing -', []],
  ['-', ['--version', '--help', '-P', '-T', '-F', '-L', '--config']],
  ['-P', ['-P']],
  ['-P x star', ['start']],
  ['-Px star', ['start']],
  ['-P=x star', ['start']],
  ['--config=x star', ['start']],
  ['status -p lab --sw', ['--switch']],
  ['status --up --u', []],
  ['status -ud --', ['--project', '--all', '--host', '--json', '--switch', '--here', '--check', '--help', '--config']],
  ['build --set a=1 --se', ['--set']],
  ['draw --i', ['--ink']],
  ['start -- ', []],
  ['start -- -', []],
  ['start -- la', []],
])('behind mln, %j is completed by %j', (line, expected) => {
  expect(words(line)).toEqual(expected);
});

test.each([
  ['start ', ['project', '', '']],
  ['start la', ['project', 'la', '']],
  ['start lab ', null],
  ['start -p lab ', null],
  ['start -p ', ['project', '', '']],
  ['start --project=la', ['project', 'la', '--project=']],
  ['start -h a,b', ['hosts', 'a,b', '']],
  ['start --wait ', ['project', '', '']],
  ['status -s ', ['switches', '', '']],
  ['start -s ', null],
  ['-P ', ['folder', '', '']],
  ['start -T ', ['folder', '', '']],
  ['--config=./', ['file', './', '--config=']],
  ['plan ', ['described-host', '', '']],
  ['plan a ', null],
  ['diff a ', ['project-file', '', '']],
  ['why ', ['keyword', '', '']],
  ['template show ', ['template', '', '']],
  ['template add --from ', ['host', '', '']],
  ['draw square ci', [['square', 'circle'], 'ci', '']],
  ['paint ', [['square', 'circle'], '', '']],
  ['completion z', [['bash', 'zsh', 'fish'], 'z', '']],
  ['list ', null],
  ['status --up=', null],
])('behind mln, %j wants the value %j', (line, expected) => {
  const { values } = wanted(line);
  expect(values.map(({ completes, typed, before }) => [completes, typed, before])).toEqual(expected ? [expected] : []);
});

test('an option whose value may be left out is offered that, and what comes behind it', () => {
  expect(wanted('draw --ink ').values.map(({ completes }) => completes)).toEqual([['red'], ['square', 'circle']]);
  expect(wanted('draw --ink red -').words.map(({ word }) => word)).not.toContain('--ink');
});

test('the line says which project, and what verbs would be given', () => {
  expect(wanted('console -plab ').project).toBe('lab');
  expect(wanted('start lab -h ').project).toBe('lab');
  expect(wanted('start -h a').project).toBeNull();
  expect(wanted('build --set a=1 --set b=2 -rf x --dry-run ').options).toEqual({
    set: ['a=1', 'b=2'],
    replace: true,
    file: 'x',
    dryRun: true,
  });
});

test('of a word that a shell makes something else of, nothing is offered; behind it, something is', () => {
  expect(wantedAt(table.all, ['start', null])).toMatchObject({ words: [], values: [] });
  expect(wantedAt(table.all, ['-P', null, 'sta']).words.map(({ word }) => word)).toEqual(['start', 'status']);
  expect(wantedAt(table.all, [null, 'sta']).words).toEqual([]);
});
