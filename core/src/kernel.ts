import { apiVersion } from './api.js';
import type { Configuration } from './configuration.js';
import { coreKeywords } from './core-keywords.js';
import { failure, isMlnError, messageOf } from './errors.js';
import type { Folders } from './folders.js';
import {
  createDoctorHook,
  createHooks,
  createPrintHook,
  type DoctorHook,
  type HookName,
  type Hooks,
  type PrintHook,
} from './hooks.js';
import { createKeywordTable, type KeywordTable } from './keywords.js';
import type { Project } from './project.js';
import type * as Core from './index.js';
import type { Shell } from './shell.js';
import { talk, type Talk } from './dialogue.js';
import { fileStore } from './store.js';
import { stampOrigins } from './origins.js';
import type { Tree } from './tree.js';

/** A plug-in: a function that taps hooks. */
export type Plugin = (mln: Mln, options: Readonly<Record<string, unknown>>) => void | Promise<void>;

/** A plug-in that was found, with what is known of it before it runs. */
export interface LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly api: string;
  /** Where it was found. */
  readonly source: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly plugin: Plugin;
}

/** The kernel: hooks, and the few things that every tap may need. A value that is handed around. */
export interface Mln {
  readonly apiVersion: string;
  readonly hooks: Hooks;
  /** A plug-in's own hook, made by whoever mentions it first. */
  hook<H>(name: string, create: () => H): H;
  /** What `import … from '@mln/core'` gives, for a plug-in that is a lone file and can import nothing. */
  readonly core: typeof Core;
  readonly shell: Shell;
  readonly talk: Talk;
  /** Tells the user something: a line on stderr. */
  log(text: string): void;
  /** The built projects of the projects folder, as they were decided; one whose state cannot be read is an error. */
  projects(): Promise<readonly Project[]>;
  readonly folders: Folders;
  readonly configuration: Configuration;
  readonly plugins: readonly LoadedPlugin[];
  /** The keyword table, filled at its first use. */
  readonly keywords: KeywordTable;
}

export interface KernelOptions {
  readonly core: Mln['core'];
  readonly shell: Shell;
  /** How to talk with programs; for real where left out. */
  readonly talk?: Talk;
  /** Where lines for the user go; to stderr where left out. */
  readonly log?: Mln['log'];
  readonly folders: Folders;
  readonly configuration: Configuration;
  readonly plugins: readonly LoadedPlugin[];
}

/** Makes a kernel and lets each plug-in tap its hooks, in their order; the core's own taps come last. */
export async function createMln({
  core,
  shell,
  talk: talkTo = talk,
  log = (text) => void process.stderr.write(`${text}\n`),
  folders,
  configuration,
  plugins,
}: KernelOptions): Promise<Mln> {
  const hooks = createHooks();
  const own = new Map<string, unknown>();
  let keywords: KeywordTable | undefined;
  guardTaps(hooks);
  const mln: Mln = {
    apiVersion,
    hooks,
    hook<H>(name: string, create: () => H): H {
      if (!own.has(name)) own.set(name, create());
      return own.get(name) as H;
    },
    core,
    shell,
    talk: talkTo,
    log,
    projects: async () => (await import('./state.js')).readProjects(folders.projects),
    folders,
    configuration,
    plugins,
    get keywords() {
      if (!keywords) {
        keywords = createKeywordTable();
        hooks.keywords.call(keywords);
      }
      return keywords;
    },
  };
  // Made here: a plug-in that is a lone file can import nothing, and still finds it by its name.
  doctorHook(mln);
  for (const { name, plugin, options } of plugins)
    try {
      await plugin(mln, options);
    } catch (error) {
      if (isMlnError(error)) throw error;
      throw failure('MLN_PLUGIN_BROKEN', `the plug-in ${name} failed while it was loaded: ${messageOf(error)}`, {
        cause: error,
      });
    }
  coreTaps(mln);
  return mln;
}

/** The named hook that `mln parse --format` asks. */
export function printHook(mln: Mln): PrintHook {
  return mln.hook('print', createPrintHook);
}

/** The named hook that `mln doctor` asks; tapped with tapPromise. */
export function doctorHook(mln: Mln): DoctorHook {
  return mln.hook('doctor', createDoctorHook);
}

/** The core's own features are taps like any other's. */
function coreTaps(mln: Mln): void {
  const { hooks } = mln;
  hooks.keywords.tap({ name: 'core', stage: -1 }, (keywords) => {
    keywords.declare(...coreKeywords);
  });
  hooks.disk.tap({ name: 'core', stage: 100 }, (disk, host, project) =>
    disk.store === 'file' ? fileStore(disk, host, project, mln.shell) : undefined,
  );
  // What most verbs do not need is loaded when it is used; read-project.ts taps the grammar.
  hooks.execute.tapPromise({ name: 'core', stage: 100 }, async (operation, part, report) =>
    (await import('./local.js')).executeLocally(mln, operation, part, report),
  );
}

/** Wraps every tap: what goes wrong in it is told with the names of the plug-in and the hook. */
function guardTaps(hooks: Hooks): void {
  for (const name of Object.keys(hooks) as HookName[]) {
    const hook = hooks[name] as unknown as { intercept(interceptor: { register(tap: Tap): Tap }): void };
    hook.intercept({
      register(tap) {
        const { fn } = tap;
        const run = (...args: unknown[]): unknown =>
          guarded(
            tap.name,
            name,
            () => fn(...(name === 'keywords' ? [signed(args[0] as KeywordTable, tap.name)] : args)),
            name === 'transformTree' ? (args[0] as Tree) : null,
          );
        // What a tap throws before it gives its promise would be lost to tapable where another tap has run before.
        return { ...tap, fn: tap.type === 'promise' ? async (...args: unknown[]) => await run(...args) : run };
      },
    });
  }
}

/** A keyword table that remembers who declares a keyword. */
function signed(table: KeywordTable, plugin: string): KeywordTable {
  return {
    ...table,
    declare: (...keywords) => {
      table.declare(...keywords.map((keyword) => ({ ...keyword, plugin })));
    },
  };
}

interface Tap {
  readonly name: string;
  readonly type: 'sync' | 'async' | 'promise';
  readonly fn: (...args: unknown[]) => unknown;
}

function guarded(plugin: string, hook: HookName, act: () => unknown, tree: Tree | null): unknown {
  const failed = (error: unknown): never => {
    if (isMlnError(error) || plugin === 'core') throw error;
    throw failure('MLN_PLUGIN_FAILED', `the plug-in ${plugin} failed in ${hook}: ${messageOf(error)}`, {
      cause: error,
    });
  };
  const stamped = (result: unknown): unknown => (tree && result ? stampOrigins(result as Tree, plugin) : result);
  try {
    const result = act();
    return result instanceof Promise ? result.then(stamped, failed) : stamped(result);
  } catch (error) {
    return failed(error);
  }
}
