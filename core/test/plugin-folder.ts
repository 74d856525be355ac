import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../src/errors.js';
import { loadPlugins, type LoadedPlugins } from '../src/plugins.js';
import { scratchFolder } from './scratch.js';

/** A folder with plug-ins, as a configuration in it names them. */
export interface PluginFolder {
  readonly folder: string;
  write(path: string, text: string): void;
  writePackage(name: string, description: Readonly<Record<string, unknown>>, code: string): void;
  /** Whether code below a path has left its trace. */
  hasRun(path: string): boolean;
  load(...names: readonly string[]): Promise<LoadedPlugins>;
  /** What is told of the only one, which cannot be used. */
  refusal(name: string): Promise<Problem & { readonly exit: number; readonly named: string }>;
}

/** Code that tells that it was run. */
export const leaveTrace = `import { writeFileSync } from 'node:fs'; writeFileSync(import.meta.dirname + '/ran', '');`;
export const tracing = `${leaveTrace} export default () => {};`;

/** The line with which a file says what it is. */
export const manifest = (api: string): string =>
  `export const manifest = { name: 'a', version: '1.0.0', api: '${api}' };`;

export function pluginFolder(): PluginFolder {
  const folder = scratchFolder();
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const load = (...names: readonly string[]): Promise<LoadedPlugins> =>
    loadPlugins(names.map((name) => ({ name, options: {}, from: folder })));
  return {
    folder,
    write,
    writePackage(name, description, code) {
      const exports = { '.': './index.js', './package.json': './package.json' };
      const usual = { name, version: '2.3.4', type: 'module', exports };
      write(`node_modules/${name}/package.json`, JSON.stringify({ ...usual, ...description }));
      write(`node_modules/${name}/index.js`, code);
    },
    hasRun: (path) => existsSync(join(folder, path, 'ran')),
    load,
    async refusal(name) {
      const { loaded, broken } = await load(name);
      const [first, ...more] = broken;
      const [problem] = first?.error.problems ?? [];
      if (!first || !problem || loaded.length + more.length > 0)
        throw new Error('it is not the only one, or can be used');
      return { ...problem, exit: first.error.exit, named: first.name };
    },
  };
}
