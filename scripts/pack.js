/*
 * Packs every package as npm would publish it: `npm run pack -- FOLDER`. What is packed must be compiled, and types of
 * sources that are gone must not be among it.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { root, run } from './setup.js';

/** The folders of all packages: the distribution, the core, the plug-ins. */
export function packageFolders() {
  const plugins = readdirSync(join(root, 'plugins')).map((name) => join(root, 'plugins', name));
  return [root, join(root, 'core'), ...plugins.filter((folder) => existsSync(join(folder, 'package.json')))];
}

/** Packs them into a folder; gives of each `{ name, version, filename, files: [{ path, mode }] }`, as npm says it. */
export function pack(folder) {
  const folders = packageFolders();
  for (const each of folders.slice(1)) {
    if (!existsSync(join(each, 'dist/index.js'))) throw new Error(`${each} is not compiled: npm run build`);
    removeStaleTypes(each);
  }
  mkdirSync(folder, { recursive: true });
  const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  return JSON.parse(run('npm', ['pack', ...options, ...folders], { quiet: true }));
}

/** tsc leaves what it once wrote. */
function removeStaleTypes(folder) {
  for (const entry of readdirSync(join(folder, 'types'), { recursive: true })) {
    const source = join(folder, 'src', entry.replace(/\.d\.ts$/, '.ts'));
    if (entry.endsWith('.d.ts') && !existsSync(source)) rmSync(join(folder, 'types', entry), { force: true });
  }
}

if (argv[1] === import.meta.filename) {
  if (argv[2] === undefined) throw new Error('npm run pack -- FOLDER');
  for (const { filename } of pack(resolve(argv[2]))) console.log(join(resolve(argv[2]), filename));
}
