import { resolve } from 'node:path';
import { apiVersion } from '../api.js';
import type { Command } from '../commands.js';
import { createMln, refuseBroken, type LoadedPlugin, type Mln, type Plugin } from '../kernel.js';
import { checkOptions } from '../plugin-options.js';
import { loadPlugins } from '../plugins.js';
import type { Shell } from '../shell.js';
import { memoryPlugin, type Machine } from './memory-hypervisor.js';
import { memoryShell } from './memory-shell.js';
import { usualTemplate } from './usual-template.js';

/** A plug-in's module: what `import * as plugin from '…'` gives. */
export interface PluginModule {
  readonly default: Plugin;
  /** What a plug-in that is a lone file says of itself, or `mln` of a package.json. */
  readonly manifest?: {
    readonly name?: string;
    readonly version?: string;
    readonly api?: string;
    readonly options?: unknown;
  };
}

/** A plug-in: its function, its module, or the path of its folder or file. */
export type Tryable = Plugin | PluginModule | string;

/** What the kernel of a trial is made with. */
export interface KernelTrial {
  /** The plug-in's options, checked by the schema of its manifest where that is known. */
  readonly options?: Readonly<Record<string, unknown>>;
  /**
   * What every template holds: contents by path. A path that ends with / is a directory, a content that begins with → a
   * link. {@link usualTemplate} where left out.
   */
  readonly template?: Readonly<Record<string, string>>;
  /** Other plug-ins, loaded before it; with options as [plugin, options]. */
  readonly with?: readonly (Tryable | readonly [plugin: Tryable, options: Readonly<Record<string, unknown>>])[];
  /** The folder where files of projects are looked for, as -F gives it. */
  readonly files?: string;
  /** Answers for programs that plug-ins run. Without it none is run: each is an error that names it. */
  readonly shell?: Shell;
  /** This server's name, as -L gives it. */
  readonly serviceHost?: string;
}

/** What of the core is handed in, as whoever tries a plug-in has it already. */
export interface Ground {
  readonly core: Mln['core'];
  /** The verbs of the core. */
  readonly verbs: readonly Command[];
}

/** A kernel that needs no machine, and what it has in place of one. */
export interface TrialKernel {
  readonly mln: Mln;
  readonly verbs: readonly Command[];
  readonly machine: Machine;
}

/** Makes a kernel that needs no machine, with plug-ins that were loaded, in their order. */
export async function trialKernel(
  { core, verbs }: Ground,
  plugins: readonly LoadedPlugin[],
  { template = usualTemplate, files = '/files', shell, serviceHost }: KernelTrial,
): Promise<TrialKernel> {
  const machine: Machine = { template, up: new Set(), events: [], log: [], built: [], operation: null };
  const folders = { projects: '/projects', templates: '/templates', files };
  const mln = await createMln({
    core,
    shell: memoryShell(machine, shell),
    log: (text) => void machine.log.push(text),
    folders,
    configuration: {
      plugins: [],
      template: 'tiny',
      serviceHost: serviceHost ?? null,
      stopWait: 60,
      folders,
      origins: {},
    },
    plugins: [memoryPlugin(machine), ...plugins],
  });
  return { mln, verbs, machine };
}

/** Loads the plug-in that is tried, after those that it is tried with. */
export async function loadTryables(plugin: Tryable, trial: KernelTrial): Promise<readonly LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  for (const each of trial.with ?? [])
    loaded.push(...(await (isPair(each) ? loadTryable(each[0], each[1]) : loadTryable(each, {}))));
  return [...loaded, ...(await loadTryable(plugin, trial.options ?? {}))];
}

function isPair<P>(value: P): value is Extract<P, readonly unknown[]> {
  return Array.isArray(value);
}

/** A path is loaded as mln loads it, which reads its manifest; of a pack come several. */
async function loadTryable(tryable: Tryable, options: LoadedPlugin['options']): Promise<readonly LoadedPlugin[]> {
  if (typeof tryable === 'string') {
    const { loaded, broken } = await loadPlugins([{ name: resolve(tryable), options, from: resolve('.') }]);
    refuseBroken(broken);
    return loaded;
  }
  const { default: plugin, manifest = {} } = typeof tryable === 'function' ? { default: tryable } : tryable;
  const { name = plugin.name || 'plugin', version = '0.0.0', api = `^${apiVersion}` } = manifest;
  const description = { name, version, api, options: manifest.options, plugins: null, module: null };
  await checkOptions(description, options, 'the trial');
  return [{ name, version, api, source: name, options, plugin }];
}
