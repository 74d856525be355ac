import { expect, test } from '@jest/globals';
import { coreVerbs } from '../src/cli/verbs.js';
import { messageOf } from '../src/errors.js';
import { createCommands, type Command, type Commands, type Wrapper } from '../src/commands.js';
import type { Entry } from '../src/guard-taps.js';
import { signedCommands } from '../src/guard-verbs.js';
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

test('a verb is wrapped by a plug-in, and by another round it', async () => {
  const commands = createCommands();
  commands.add(verb({ run: () => Promise.resolve(3) }));
  const said: string[] = [];
  for (const name of ['inner', 'outer'])
    commands.wrap('zz', async (context, args, options, next) => {
      said.push(`${name} ${args.join(' ')}`);
      const exit = await next(context, [...args, name], options);
      said.push(`${name} ${exit}`);
      return exit;
    });
  const context = {} as Parameters<Command['run']>[0];
  expect(await commands.all[0]?.run(context, ['a'], {})).toBe(3);
  expect(said).toEqual(['outer a', 'inner a outer', 'inner 3', 'outer 3']);
});

test('what goes wrong in a verb that is wrapped is not the wrapper’s fault', async () => {
  const bug = new TypeError('x is undefined');
  const wrapping = (wrapper: Wrapper): Promise<unknown> => {
    const commands = createCommands();
    commands.add(verb({ run: () => Promise.reject(bug) }));
    const entry = {
      plugin: { name: 'wrapper', source: '/wrapper.js' },
      taps: [],
      keywords: [],
      verbs: [],
      error: null,
    };
    signedCommands(commands, 'wrapper', entry as unknown as Entry).wrap('zz', wrapper);
    const run = commands.all[0]?.run({} as Parameters<Command['run']>[0], [], {});
    return run?.catch((error: unknown) => error) ?? Promise.resolve();
  };
  expect(await wrapping((context, args, options, next) => next(context, args, options))).toBe(bug);
  const fault = await wrapping(() => Promise.reject(new TypeError('of its own')));
  expect(fault).toMatchObject({ code: 'MLN_PLUGIN_FAILED' });
  expect(messageOf(fault)).toMatch(/wrapper.*wraps the verb zz.*of its own/);
});

test('a verb that nobody brings cannot be wrapped', async () => {
  const problems = await problemsOf(() => {
    withCore().wrap('nothing', () => Promise.resolve(0), 'bad');
  });
  expect(problems).toMatchObject([
    { code: 'MLN_PLUGIN_SETUP', message: 'the plug-in bad wraps the verb nothing, which nobody brings' },
  ]);
});
