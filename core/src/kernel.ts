import { apiVersion } from './api.js';
import type { Configuration } from './configuration.js';
import { coreKeywords } from './core-keywords.js';
import { MlnError, failure, isMlnError, messageOf } from './errors.js';
import type { Folders } from './folders.js';
import { guardHook, type BrokenPlugin, type Entry, type Ledger, type RunningPlugin } from './guard-taps.js';
import {
  createDoctorHook,
  createHooks,
  createPrintHook,
  createSetupHook,
  type DoctorHook,
  type Hooks,
  type PrintHook,
  type SetupHook,
} from './hooks.js';
import { createKeywordTable, type KeywordTable } from './keywords.js';
import type * as Core from './index.js';
import { faultOf, whereIn } from './plugin-blame.js';
import { waitFor } from './plugin-pending.js';
import type { Project } from './project.js';
import type { Shell } from './shell.js';
import { talk, type Talk } from './dialogue.js';
import { fileStore } from './store.js';

/** A plug-in: a function that taps hooks. */
export type Plugin = (mln: Mln, options: Readonly<Record<string, unknown>>) => void | Promise<void>;

/** A plug-in that was found, with what is known of it before it runs. */
export interface LoadedPlugin {
  readonly name: string;
  readonly version: string;
  readonly api: string;
  /** Where it was found: its file, or the package.json of its package. */
  readonly source: string;
  /** The configuration file that lists it. */
  readonly listedIn?: string | undefined;
  /** The pack that it came with. */
  readonly pack?: string | undefined;
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
  /** Reads the configuration anew, as it is now; what was loaded stays. For what runs long. */
  reread(): Promise<Configuration>;
  readonly plugins: readonly RunningPlugin[];
  /** Plug-ins that are configured and cannot be used; empty but for verbs that run in spite of them. */
  readonly broken: readonly BrokenPlugin[];
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
  /** Reads the configuration anew; where left out it does not change. */
  readonly reread?: Mln['reread'];
  readonly plugins: readonly LoadedPlugin[];
  /** What could not be loaded. */
  readonly broken?: readonly BrokenPlugin[];
  /** Whether the kernel is to be had although plug-ins are broken; else all of them are told in one error. */
  readonly tolerant?: boolean;
}

/** Makes a kernel and lets each plug-in tap its hooks, in their order; the core's own taps come last. */
export async function createMln({
  core,
  shell,
  talk: talkTo = talk,
  log = (text) => void process.stderr.write(`${text}\n`),
  folders,
  configuration,
  reread = () => Promise.resolve(configuration),
  plugins,
  broken = [],
  tolerant = false,
}: KernelOptions): Promise<Mln> {
  const hooks = createHooks();
  const own = new Map<string, unknown>();
  let keywords: KeywordTable | undefined;
  const entries = plugins.map((plugin): Entry => ({ plugin, taps: [], keywords: [], verbs: [], error: null }));
  const ledger: Ledger = { entries, current: null, told: new Set(), log };
  for (const [name, hook] of Object.entries(hooks)) guardHook(hook, name, ledger);
  const mln: Mln = {
    apiVersion,
    hooks,
    hook<H>(name: string, create: () => H): H {
      if (!own.has(name)) {
        const made = create();
        guardHook(made, name, ledger);
        own.set(name, made);
      }
      return own.get(name) as H;
    },
    core,
    shell,
    talk: talkTo,
    log,
    projects: async () => (await import('./state.js')).readProjects(folders.projects),
    folders,
    configuration,
    reread,
    get plugins() {
      return entries.filter(({ error }) => error === null).map(running);
    },
    get broken() {
      return [...broken, ...entries.flatMap(brokenOf)];
    },
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
  setupHook(mln);
  for (const entry of entries) {
    ledger.current = entry;
    await setUp(entry, mln);
  }
  ledger.current = null;
  if (!tolerant) refuseBroken(mln.broken);
  coreTaps(mln);
  if (!tolerant) refuseLast(mln);
  return mln;
}

/** Throws what is wrong with plug-ins that cannot be used, all of it at once. */
export function refuseBroken(broken: readonly BrokenPlugin[]): void {
  const [first, ...more] = broken.map(({ error }) => error);
  if (!first) return;
  if (more.length === 0) throw first;
  throw new MlnError(
    [first, ...more].flatMap(({ problems }) => problems),
    { cause: new AggregateError([first, ...more]) },
  );
}

/** Where all have brought their verbs and keywords, it is told which of them could not, of all plug-ins at once. */
function refuseLast(mln: Mln): void {
  const last = { name: 'core', stage: Infinity };
  mln.hooks.keywords.tap(last, () => {
    refuseBroken(mln.broken);
  });
  mln.hooks.commands.tap(last, () => {
    if (mln.broken.length > 0) mln.keywords.places();
    refuseBroken(mln.broken);
  });
}

/** Lets a plug-in tap its hooks. */
async function setUp(entry: Entry, mln: Mln): Promise<void> {
  const { name, source, plugin, options } = entry.plugin;
  try {
    await waitFor(entry.plugin, 'while it was set up', () => plugin(mln, options));
  } catch (error) {
    entry.error = isMlnError(error)
      ? from(name, faultOf(entry.plugin, 'while it was set up', error))
      : failure('MLN_PLUGIN_SETUP', `the plug-in ${name} failed while it was set up: ${messageOf(error)}`, {
          cause: error,
          ...whereIn(source, error),
          ...(/reading 'tap(Promise)?'/.test(messageOf(error)) && {
            hint: `there is no such hook; the hooks are ${Object.keys(mln.hooks).join(', ')}`,
          }),
        });
  }
}

/** The error with the plug-in that it comes from, where its problems do not say where they come from. */
function from(plugin: string, error: MlnError): MlnError {
  const problems = error.problems.map((each) => ({ ...each, origin: each.origin ?? `the plug-in ${plugin}` }));
  return new MlnError(problems, { cause: error, exit: error.exit });
}

function running({ plugin, taps, keywords, verbs }: Entry): RunningPlugin {
  return { ...plugin, taps, keywords, verbs };
}

function brokenOf({ plugin: { name, source }, error }: Entry): BrokenPlugin[] {
  return error === null ? [] : [{ name, source, error }];
}

/** The named hook that `mln parse --format` asks. */
export function printHook(mln: Mln): PrintHook {
  return mln.hook('print', createPrintHook);
}

/** The named hook that `mln doctor` asks; tapped with tapPromise. */
export function doctorHook(mln: Mln): DoctorHook {
  return mln.hook('doctor', createDoctorHook);
}

/** The named hook that `mln setup` asks; tapped with tapPromise. */
export function setupHook(mln: Mln): SetupHook {
  return mln.hook('setup', createSetupHook);
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
