import { isMlnError, type Problem } from '../src/errors.js';
import * as core from '../src/index.js';
import { createMln, type KernelOptions, type LoadedPlugin, type Mln, type Plugin } from '../src/kernel.js';

/** A plug-in whose file is the given one. */
export function plugin(name: string, source: string, plugin: Plugin): LoadedPlugin {
  return { name, version: '1.0.0', api: '^1.0.0', source, options: {}, plugin };
}

/** A kernel with these plug-ins alone. */
export function kernel(plugins: readonly LoadedPlugin[], more: Partial<KernelOptions> = {}): Promise<Mln> {
  const folders = { projects: '/projects', templates: '/templates', files: '/files' };
  return createMln({
    core,
    shell: (program) => Promise.reject(new Error(`${program} is not to be run`)),
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
    plugins,
    ...more,
  });
}

/** What is told when something is done; nothing where it works. */
export async function problemsOf(act: () => unknown): Promise<readonly Problem[]> {
  try {
    await act();
  } catch (error) {
    if (isMlnError(error)) return error.problems;
    throw error;
  }
  return [];
}
