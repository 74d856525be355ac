import { expect, test } from '@jest/globals';
import { coreVerbs } from '../src/cli/verbs.js';
import { createCommands, type Command, type Commands } from '../src/commands.js';
import { problemsOf } from './bare-kernel.js';

/* Verbs and options as plug-ins may give them, beside those of the core. */

const verb = (more: Partial<Record<keyof Command, unknown>> = {}): Command =>
  ({ name: 'zz', summary: 'Does it.', run: () => Promise.resolve(0), plugin: 'bad', ...more }) as Command;

function withCore(): Commands {
  const commands = createCommands();
  for (const each of coreVerbs) commands.add(each);
  commands.add(verb({ name: 'map show', aliases: ['s'], plugin: 'map', options: [{ flags: '-x', help: 'X.' }] }));
  return commands;
}

test.each<[more: Partial<Record<keyof Command, unknown>>, message: string]>([
  [{ summary: undefined }, 'brings the verb zz without a summary'],
  [{ run: undefined }, 'brings the verb zz without a function run'],
  [{ name: 5 }, 'brings a verb whose name is neither one word nor two: 5'],
  [{ name: 'a b c' }, 'brings a verb whose name is neither one word nor two: "a b c"'],
  [{ aliases: 'z' }, 'brings the verb zz with aliases that are no list of words: "z"'],
  [{ arguments: 'file' }, 'brings the verb zz with arguments that are not like <file> [names...]: "file"'],
  [{ arguments: '<a...> <b>' }, 'brings the verb zz with arguments that are not like <file> [names...]: "<a...> <b>"'],
  [{ options: {} }, 'brings the verb zz with options that are no list: [object Object]'],
  [{ options: [{}] }, 'brings the verb zz with an option without flags: undefined'],
  [
    { options: [{ flags: '--a <b', help: '' }] },
    'brings the verb zz with an option whose flags are not like -f, --file <file>: --a <b',
  ],
  [{ options: [{ flags: '--a' }] }, 'brings the verb zz with the option --a without help'],
])('a verb with %j is refused', async (more, message) => {
  const problems = await problemsOf(() => {
    withCore().add(verb(more));
  });
  expect(problems).toMatchObject([{ code: 'MLN_PLUGIN_SETUP', message: `the plug-in bad ${message}` }]);
});

const option = (flags: string): Partial<Command> => ({ options: [{ flags, help: 'X.' }] });

test.each<[more: Partial<Record<keyof Command, unknown>>, message: string]>([
  [{ name: 'help' }, 'mln itself and the plug-in bad both bring the verb help'],
  [{ name: 'complete' }, 'mln itself and the plug-in bad both bring the verb complete'],
  [{ aliases: ['list'] }, 'mln itself and the plug-in bad both bring the verb list'],
  [{ name: 'template' }, 'mln itself and the plug-in bad both bring the verb template'],
  [{ name: 'list more' }, 'mln itself and the plug-in bad both bring the verb list'],
  [{ name: 'plugin help' }, 'mln itself and the plug-in bad both bring the verb plugin help'],
  [{ name: 'map' }, 'the plug-in map and the plug-in bad both bring the verb map'],
  [{ name: 'map s' }, 'the plug-in map and the plug-in bad both bring the verb map s'],
  [{ aliases: ['z', 'z'] }, 'the plug-in bad brings the verb z twice'],
  [option('--help'), 'mln itself and the plug-in bad both bring the option --help of zz'],
  [option('-P <x>'), 'mln itself and the plug-in bad both bring the option -P of zz'],
  [
    {
      options: [
        { flags: '-a, --all', help: 'A.' },
        { flags: '-a', help: 'B.' },
      ],
    },
    'the plug-in bad brings the option -a of zz twice',
  ],
])('a verb with %j clashes', async (more, message) => {
  const problems = await problemsOf(() => {
    withCore().add(verb(more));
  });
  expect(problems).toMatchObject([{ code: 'MLN_PLUGIN_CLASH', message }]);
});

test.each([
  ['plan', '--json', 'mln itself and the plug-in bad both bring the option --json of plan'],
  ['stop', '-a, --at <time>', 'mln itself and the plug-in bad both bring the option -a of stop'],
  ['map show', '-x, --extra', 'the plug-in map and the plug-in bad both bring the option -x of map show'],
])('an option of %s that is there is refused: %s', async (name, flags, message) => {
  const problems = await problemsOf(() => {
    withCore().option(name, { flags, help: 'X.' }, 'bad');
  });
  expect(problems).toMatchObject([{ code: 'MLN_PLUGIN_CLASH', message }]);
});

test('what clashes with nothing is taken', () => {
  const commands = withCore();
  commands.add(verb({ name: 'map draw', arguments: '<file> [names...]', ...option('-x, --extra [words]') }));
  commands.option('map draw', { flags: '--json', help: 'X.' }, 'other');
  const [drawn] = commands.all.slice(-1);
  expect(drawn?.options?.map(({ flags }) => flags)).toEqual(['-x, --extra [words]', '--json']);
});
