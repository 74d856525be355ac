import { expect, test } from '@jest/globals';
import { SyncHook } from 'tapable';
import { createCommands } from '../src/commands.js';
import type { HookName, LoadedPlugin, Mln, Plugin } from '../src/index.js';
import { kernel, plugin, problemsOf } from './bare-kernel.js';
import { fakeHost } from './fake-project.js';

/* What is told of plug-ins that fail while they work, or give what nobody can use. */

const loaded = (name: string, tapping: Plugin): LoadedPlugin => plugin(name, import.meta.filename, tapping);

test.each<[hook: string, tap: string, plugin: Plugin, call: (mln: Mln) => unknown, message: string]>([
  [
    'a tap',
    'uml',
    ({ hooks }) => {
      hooks.parse.tap('uml', () => {
        throw new TypeError('x is not a function');
      });
    },
    ({ hooks }) => hooks.parse.call('', 'x'),
    'the plug-in @site/plugin-uml failed in parse: x is not a function',
  ],
  [
    'a tap of another name',
    'own',
    ({ hooks }) => {
      hooks.configureFilesystem.tapPromise('own', async () => {
        await Promise.resolve();
        throw new Error('late');
      });
    },
    (mln) => mln.hooks.configureFilesystem.promise({} as never, fakeHost('a'), null),
    'the plug-in @site/plugin-uml failed in configureFilesystem (its tap own): late',
  ],
  [
    'a hook of its own',
    'uml',
    (mln) => {
      mln
        .hook('own', () => new SyncHook<[]>())
        .tap('uml', () => {
          throw new Error('here');
        });
    },
    (mln) => {
      mln.hook('own', () => new SyncHook<[]>()).call();
    },
    'the plug-in @site/plugin-uml failed in own: here',
  ],
  [
    'a tap that is made later',
    'uml',
    (mln) => {
      mln.hooks.keywords.tap('uml', () => {
        mln.hooks.parse.tap('uml', () => {
          throw new Error('later');
        });
      });
    },
    (mln) => {
      mln.keywords.places();
      mln.hooks.parse.call('', 'x');
    },
    'the plug-in @site/plugin-uml failed in parse: later',
  ],
])('what %s throws is told with plug-in, hook and line', async (_, _tap, tapping, call, message) => {
  const mln = await kernel([loaded('@site/plugin-uml', tapping)]);
  expect(await problemsOf(() => call(mln))).toMatchObject([
    {
      code: 'MLN_PLUGIN_FAILED',
      message,
      place: { file: import.meta.filename, line: expect.any(Number) as unknown },
      hint: expect.stringContaining('MLN_DEBUG=1') as unknown,
    },
  ]);
});

const unit = fakeHost('a');
const context = {} as never;
test.each<[hook: HookName, result: unknown, call: (mln: Mln) => unknown, reason: string]>([
  ['parse', null, ({ hooks }) => hooks.parse.call('', 'x'), 'null, which is no tree'],
  ['parse', 'text', ({ hooks }) => hooks.parse.call('', 'x'), 'the string "text", which is no tree'],
  [
    'transformTree',
    5,
    ({ hooks }) => hooks.transformTree.promise({ items: [] } as never, context),
    'the number 5, which is no tree',
  ],
  [
    'resolveUnit',
    {},
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'an object, which is not the host a',
  ],
  [
    'resolveUnit',
    { ...unit, name: 'b' },
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'an object, which is not the host a',
  ],
  [
    'resolveUnit',
    Promise.resolve(unit),
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'a promise (nobody waits for it where the tap is made with tap), which is not the host a',
  ],
  [
    'disk',
    { path: '/x', create: () => 1, exists: () => 1 },
    ({ hooks }) => hooks.disk.call({} as never, unit, context),
    'an object, which is no store: it lacks grow, remove',
  ],
  [
    'filesystem',
    () => 1,
    ({ hooks }) => hooks.filesystem.promise('/x'),
    'a function, which is no filesystem: it lacks list, read, readLink, apply, check, grow, minimumSize',
  ],
  [
    'execute',
    true,
    ({ hooks }) => hooks.execute.promise(context, context, context),
    'the boolean true, which is no outcome',
  ],
  [
    'resolveUnit',
    { ...unit, memory: 'lots' },
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'the host a with the string "lots" for its memory',
  ],
  [
    'resolveUnit',
    { ...unit, disks: null },
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'the host a with null for its disks',
  ],
  [
    'resolveUnit',
    { ...unit, interfaces: [null] },
    ({ hooks }) => hooks.resolveUnit.call(unit, context, context),
    'the host a with a list for its interfaces',
  ],
  [
    'monitor',
    [],
    ({ hooks }) => hooks.monitor.promise(new Map(), [], context, { usage: false }),
    'a list, which is no Map of statuses',
  ],
])('%s is not given %j', async (hook, result, call, reason) => {
  const mln = await kernel([
    loaded('bad', ({ hooks }) => {
      const tapped = hooks[hook] as unknown as { tap(name: string, fn: () => unknown): void };
      tapped.tap('bad', () => result);
    }),
  ]);
  expect(await problemsOf(() => call(mln))).toMatchObject([
    { code: 'MLN_PLUGIN_FAILED', message: `the plug-in bad gave ${reason}, in ${hook}` },
  ]);
});

test('an option for a verb that nobody brings is told with the plug-in', async () => {
  const mln = await kernel([
    loaded('adds', ({ hooks }) => {
      hooks.commands.tap('adds', (commands) => {
        commands.option('none', { flags: '--x', help: 'X' });
      });
    }),
  ]);
  expect(
    await problemsOf(() => {
      mln.hooks.commands.call(createCommands());
    }),
  ).toMatchObject([{ message: 'the plug-in adds adds an option to the verb none, which nobody brings' }]);
});

test('who only listens ends nothing: what it throws is told once', async () => {
  const told: string[] = [];
  const heard: string[] = [];
  const mln = await kernel(
    [
      loaded('deaf', ({ hooks }) => {
        hooks.event.tap('deaf', () => {
          throw new Error('no ears');
        });
      }),
      loaded('listens', ({ hooks }) => {
        hooks.event.tap('listens', ({ state }) => void heard.push(state));
      }),
    ],
    { log: (text) => void told.push(text) },
  );
  for (const state of ['begun', 'done'] as const) mln.hooks.event.call({ state } as never);
  expect(heard).toEqual(['begun', 'done']);
  expect(told).toEqual([
    expect.stringMatching(/kernel-failures\.test\.ts:\d+:\d+: the plug-in deaf failed in event: no ears$/),
  ]);
});

test('a throw without an error is told with the file of the plug-in', async () => {
  const thrown: unknown = undefined;
  const mln = await kernel([
    loaded('empty', ({ hooks }) => {
      hooks.parse.tap('empty', () => {
        throw thrown;
      });
    }),
  ]);
  expect(await problemsOf(() => mln.hooks.parse.call('', 'x'))).toMatchObject([
    {
      code: 'MLN_PLUGIN_FAILED',
      message: 'the plug-in empty failed in parse: undefined',
      hint: expect.stringContaining(import.meta.filename) as unknown,
    },
  ]);
});

test('what comes of a promise that nobody waits for is told, and ends nothing', async () => {
  const told: string[] = [];
  let tell: () => void = () => undefined;
  const once = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const log = (text: string): void => {
    told.push(text);
    tell();
  };
  const mln = await kernel(
    [
      loaded('late', ({ hooks }) => {
        const fails: () => unknown = async () => {
          await Promise.resolve();
          throw new Error('too late');
        };
        hooks.event.tap('late', fails);
      }),
    ],
    { log },
  );
  mln.hooks.event.call({} as never);
  await once;
  expect(told).toEqual(['the plug-in late failed in event: too late']);
});
