import { expect, test } from '@jest/globals';
import { SyncHook } from 'tapable';
import { createCommands } from '../src/commands.js';
import * as core from '../src/index.js';
import type { LoadedPlugin, Plugin } from '../src/kernel.js';
import { kernel, plugin, problemsOf } from './bare-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';

/* What the kernel knows of plug-ins, and what it does without those that fail. */

const loaded = (name: string, tapping: Plugin): LoadedPlugin => plugin(name, import.meta.filename, tapping);

test('the kernel knows who made which tap, keyword and verb', async () => {
  const mln = await kernel([
    loaded('one', (mln) => {
      mln.hooks.keywords.tap('one', (table) => {
        table.declare({ name: 'a', in: ['host', 'global'], kind: 'flag', help: 'A flag.' });
      });
      mln.hook('own', () => new SyncHook<[]>()).tap('other name', () => undefined);
    }),
    loaded('two', async ({ hooks }) => {
      await Promise.resolve();
      hooks.commands.tap('two', (commands) => {
        commands.add({ name: 'do it', summary: 'Does it.', run: () => Promise.resolve(0) });
      });
    }),
  ]);
  const commands = createCommands();
  mln.hooks.commands.call(commands);
  expect(mln.keywords.find('host', 'a')?.plugin).toBe('one');
  expect(commands.all.map(({ name, plugin }) => [name, plugin])).toEqual([['do it', 'two']]);
  expect(mln.plugins.map(({ name, taps, keywords, verbs }) => ({ name, taps, keywords, verbs }))).toEqual([
    {
      name: 'one',
      taps: [
        { hook: 'keywords', name: 'one' },
        { hook: 'own', name: 'other name' },
      ],
      keywords: ['host.a', 'global.a'],
      verbs: [],
    },
    { name: 'two', taps: [{ hook: 'commands', name: 'two' }], keywords: [], verbs: ['do it'] },
  ]);
});

test('all plug-ins that fail while they are set up are told at once, those that were not loaded first', async () => {
  const fails =
    (text: string): Plugin =>
    () => {
      throw new Error(text);
    };
  const broken = [{ name: 'none', source: 'none', error: core.failure('MLN_PLUGIN_NOT_FOUND', 'no none') }];
  const plugins = [
    loaded('one', fails('first')),
    loaded('two', () => Promise.reject(core.failure('MLN_OWN', 'second'))),
    loaded('good', () => undefined),
  ];
  expect(await problemsOf(() => kernel(plugins, { broken }))).toMatchObject([
    { code: 'MLN_PLUGIN_NOT_FOUND', message: 'no none' },
    {
      code: 'MLN_PLUGIN_SETUP',
      message: 'the plug-in one failed while it was set up: first',
      place: { file: import.meta.filename },
    },
    { code: 'MLN_OWN', message: 'second', origin: 'the plug-in two' },
  ]);
  const mln = await kernel(plugins, { broken, tolerant: true });
  expect(mln.plugins.map(({ name }) => name)).toEqual(['good']);
  expect(mln.broken.map(({ name, error }) => [name, error.code])).toEqual([
    ['none', 'MLN_PLUGIN_NOT_FOUND'],
    ['one', 'MLN_PLUGIN_SETUP'],
    ['two', 'MLN_OWN'],
  ]);
});

test('what a plug-in tapped before it failed does nothing', async () => {
  const mln = await kernel(
    [
      loaded('half', (mln) => {
        mln.hooks.resolveUnit.tap('half', (unit) => core.claim(unit, 'half'));
        mln.hooks.configureFilesystem.tapPromise('half', () => Promise.reject(new Error('it was asked')));
        mln
          .hook('own', () => new SyncHook<[]>())
          .tap('half', () => {
            throw new Error('it was asked');
          });
        throw new Error('then it failed');
      }),
    ],
    { tolerant: true },
  );
  const host = fakeHost('a', { hypervisor: null });
  expect(mln.hooks.resolveUnit.call(host, {} as never, fakeProject())).toBe(host);
  await mln.hooks.configureFilesystem.promise({} as never, host, null);
  mln.hook('own', () => new SyncHook<[]>()).call();
});

test('two who bring one verb or keyword are both named', async () => {
  const verb = (name: string): LoadedPlugin =>
    loaded(name, ({ hooks }) => {
      hooks.commands.tap(name, (commands) => {
        commands.add({ name: 'draw', summary: 'Draws.', run: () => Promise.resolve(0) });
      });
    });
  const word = (name: string, keyword: string): LoadedPlugin =>
    loaded(name, ({ hooks }) => {
      hooks.keywords.tap(name, (table) => {
        table.declare({ name: keyword, in: ['host'], kind: 'flag', help: 'A flag.' });
      });
    });
  const told = async (...plugins: LoadedPlugin[]): Promise<readonly string[]> => {
    const mln = await kernel(plugins);
    const problems = await problemsOf(() => {
      mln.hooks.commands.call(createCommands());
      return mln.keywords;
    });
    return problems.map(({ code, message }) => `${code} ${message}`);
  };
  expect(await told(verb('one'), verb('two'))).toEqual([
    'MLN_PLUGIN_CLASH the plug-in one and the plug-in two both bring the verb draw',
  ]);
  expect(await told(word('one', 'motd'), word('two', 'motd'))).toEqual([
    'MLN_PLUGIN_CLASH the plug-in one and the plug-in two both bring the keyword motd of host',
  ]);
  expect(await told(word('one', 'memory'))).toEqual([
    'MLN_PLUGIN_CLASH mln itself and the plug-in one both bring the keyword memory of host',
  ]);
  const mln = await kernel([verb('one'), verb('two'), word('one2', 'memory')], { tolerant: true });
  mln.hooks.commands.call(createCommands());
  expect(mln.keywords.find('host', 'memory')?.plugin).toBe('core');
  expect(mln.broken.map(({ name, error }) => [name, error.code])).toEqual([
    ['two', 'MLN_PLUGIN_CLASH'],
    ['one2', 'MLN_PLUGIN_CLASH'],
  ]);
});
