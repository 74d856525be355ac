import {
  AsyncSeriesBailHook,
  AsyncSeriesHook,
  AsyncSeriesWaterfallHook,
  SyncBailHook,
  SyncHook,
  SyncWaterfallHook,
} from 'tapable';
import type { Commands } from './commands.js';
import type { CheckList, Checks } from './doctor.js';
import type { Setup } from './setup/parts.js';
import type { Filesystem } from './filesystem.js';
import type { Guest } from './guest.js';
import type { KeywordTable } from './keywords.js';
import type { Operation, OperationEvent, Outcome, Part, Report } from './operation.js';
import type { Disk, Host, Project, Unit } from './project.js';
import type { Scripts } from './scripts.js';
import type { Look, Status } from './status.js';
import type { Store } from './store.js';
import type { TreeContext } from './transform.js';
import type { Tree } from './tree.js';
import type { View } from './view.js';

/** For hooks of plug-ins' own: `mln.hook('toy.words', () => new SyncWaterfallHook(['words']))`. */
export { AsyncSeriesBailHook, AsyncSeriesHook, AsyncSeriesWaterfallHook, SyncBailHook, SyncHook, SyncWaterfallHook };

/**
 * Everything that a plug-in can take part in, in the order of the flow. The type of a hook is its contract: bail, the
 * owner answers; waterfall, everyone refines; series, everyone contributes. docs/hooks.md tells of each.
 */
export function createHooks() {
  return Object.freeze({
    /** Verbs, and options on existing verbs. */
    commands: new SyncHook<[commands: Commands]>(['commands'], 'commands'),
    /** Keywords of the language. */
    keywords: new SyncHook<[keywords: KeywordTable]>(['keywords'], 'keywords'),
    /** A text as a tree, with its problems where it is not whole; the mln grammar taps last. */
    parse: new SyncBailHook<[text: string, file: string], Tree | undefined>(['text', 'file'], 'parse'),
    /** The tree before any value is read: hosts may be added, blocks changed. */
    transformTree: new AsyncSeriesWaterfallHook<[tree: Tree, context: TreeContext]>(
      ['tree', 'context'],
      'transformTree',
    ),
    /** A host, then a switch, is claimed and refined; the block gives its values. */
    resolveUnit: new SyncWaterfallHook<[unit: Unit, block: View, project: Project]>(
      ['unit', 'block', 'project'],
      'resolveUnit',
    ),
    /** The files inside a guest; previous is the host as it was last built. */
    configureFilesystem: new AsyncSeriesHook<[guest: Guest, host: Host, previous: Host | null]>(
      ['guest', 'host', 'previous'],
      'configureFilesystem',
    ),
    /** The start and stop scripts of a host or switch. */
    emitScripts: new SyncHook<[unit: Unit, scripts: Scripts, project: Project]>(
      ['unit', 'scripts', 'project'],
      'emitScripts',
    ),
    /** The store of a disk: a file, a logical volume. */
    disk: new SyncBailHook<[disk: Disk, host: Host, project: Project], Store | undefined>(
      ['disk', 'host', 'project'],
      'disk',
    ),
    /** The filesystem of an image or device, as the store or the template has it. */
    filesystem: new AsyncSeriesBailHook<[path: string], Filesystem | undefined>(['path'], 'filesystem'),
    /** One part of an operation, on one server. */
    execute: new AsyncSeriesBailHook<[operation: Operation, part: Part, report: Report], Outcome | undefined>(
      ['operation', 'part', 'report'],
      'execute',
    ),
    /** The state of the world, asked once for many units; look says what is wanted of it. */
    monitor: new AsyncSeriesWaterfallHook<
      [statuses: ReadonlyMap<string, Status>, units: readonly Unit[], project: Project, look: Look]
    >(['statuses', 'units', 'project', 'look'], 'monitor'),
    /** Something began, was done or failed. */
    event: new SyncHook<[event: OperationEvent]>(['event'], 'event'),
  });
}

export type Hooks = ReturnType<typeof createHooks>;
export type HookName = keyof Hooks;

/** Prints a tree in a format; whoever knows the format answers. */
export type PrintHook = SyncBailHook<[tree: Tree, format: string], string | undefined>;

export function createPrintHook(): PrintHook {
  return new SyncBailHook(['tree', 'format'], 'print');
}

/** Everyone who needs something of the machine adds checks of it. */
export type DoctorHook = AsyncSeriesHook<[checks: Checks]>;

/** Everyone who needs something to be made on the machine adds it to what `mln setup` makes. */
export type SetupHook = AsyncSeriesHook<[setup: Setup]>;

export function createSetupHook(): SetupHook {
  return new AsyncSeriesHook(['setup'], 'setup');
}

/** Taps are run one by one, each with a table that knows whose they are: one that fails does not end the others. */
export function createDoctorHook(): DoctorHook {
  const hook: DoctorHook = new AsyncSeriesHook(['checks'], 'doctor');
  hook.intercept({
    register: (tap) => ({
      ...tap,
      type: 'promise',
      fn: (list: Checks) => (list as CheckList).from(tap.name, tap.fn as (checks: Checks) => unknown),
    }),
  });
  return hook;
}
