import { expect, test } from '@jest/globals';
import { createCommands } from '../src/commands.js';
import { createGuest } from '../src/guest.js';
import type { LoadedPlugin, Mln, Plugin } from '../src/index.js';
import { createScripts } from '../src/scripts.js';
import { kernel, plugin, problemsOf } from './bare-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';

/* What plug-ins are not let do, and are told with their line. */

const loaded = (name: string, tapping: Plugin): LoadedPlugin => plugin(name, import.meta.filename, tapping);
const unit = fakeHost('a');
const context = {} as never;

test.each<[what: string, plugin: Plugin, message: string]>([
  [
    'tapAsync',
    ({ hooks }) => {
      hooks.transformTree.tapAsync('bad', (tree, _, done) => {
        done(null, tree);
      });
    },
    'the plug-in bad taps transformTree with tapAsync, which mln does not take',
  ],
  [
    'no function',
    ({ hooks }) => {
      hooks.parse.tap('bad', undefined as never);
    },
    'the plug-in bad taps parse without a function',
  ],
])('a tap with %s is refused', async (_, tapping, message) => {
  expect(await problemsOf(() => kernel([loaded('bad', tapping)]))).toMatchObject([
    { code: 'MLN_PLUGIN_SETUP', message, place: { file: import.meta.filename } },
  ]);
});

const keyword = { name: 'a', in: ['host'], kind: 'flag', help: 'A.' };
test.each([
  [{}, 'a keyword without a name'],
  [{ ...keyword, in: 'host' }, "the keyword a without the blocks that it stands in (in: ['host'])"],
  [
    { ...keyword, kind: 'none' },
    'the keyword a of the kind none, which is none of flag, word, number, size, address, list, text, block',
  ],
  [{ ...keyword, help: undefined }, 'the keyword a without help'],
  ...['file', true, null, {}, { below: 'dev' }, { below: '/dev', except: '(' }].map(
    (host) =>
      [{ ...keyword, host }, "the keyword a with host that is neither path nor raw nor { below: '/…' }"] as const,
  ),
])('the keyword %j is refused', async (given, message) => {
  const mln = await kernel([
    loaded('bad', ({ hooks }) => {
      hooks.keywords.tap('bad', (keywords) => {
        keywords.declare(given as never);
      });
    }),
  ]);
  expect(await problemsOf(() => mln.keywords)).toMatchObject([
    { code: 'MLN_PLUGIN_SETUP', message: `the plug-in bad declares ${message}`, place: { file: import.meta.filename } },
  ]);
});

test('what clashes is told at once, verbs and keywords of all plug-ins', async () => {
  const brings = (name: string): LoadedPlugin =>
    loaded(name, ({ hooks }) => {
      hooks.keywords.tap(name, (keywords) => {
        if (name !== 'two') keywords.declare({ ...keyword, kind: 'flag' });
      });
      hooks.commands.tap(name, (commands) => {
        if (name !== 'three') commands.add({ name: 'do', summary: 'Does it.', run: () => Promise.resolve(0) });
      });
    });
  const mln = await kernel([brings('one'), brings('two'), brings('three')]);
  const problems = await problemsOf(() => {
    mln.hooks.commands.call(createCommands());
  });
  expect(problems.map(({ message }) => message)).toEqual([
    'the plug-in one and the plug-in two both bring the verb do',
    'the plug-in one and the plug-in three both bring the keyword a of host',
  ]);
});

test.each<[what: string, call: (mln: Mln) => unknown, message: string]>([
  [
    'a script outside its folder',
    ({ hooks }) => {
      hooks.emitScripts.call(unit, createScripts().scripts, context);
    },
    'emitScripts: ../../x cannot be the name of a script',
  ],
  [
    'a file without content',
    ({ hooks }) => hooks.configureFilesystem.promise(createGuest({} as never, fakeProject()), unit, null),
    'configureFilesystem: /etc/x is given undefined for its content, no text and no Buffer',
  ],
])('%s is told with the plug-in and its line', async (_, call, message) => {
  const mln = await kernel([
    loaded('bad', ({ hooks }) => {
      hooks.emitScripts.tap('bad', (_unit, scripts) => {
        scripts.script('../../x', '#!/bin/sh\n');
      });
      hooks.configureFilesystem.tapPromise('bad', async (guest) => {
        await guest.write('/etc/x', undefined as never);
      });
    }),
  ]);
  expect(await problemsOf(() => call(mln))).toMatchObject([
    {
      code: 'MLN_PLUGIN_FAILED',
      message: `the plug-in bad failed in ${message}`,
      place: { file: import.meta.filename },
    },
  ]);
});
