/*
 * Makes dist/ of each package's build/: a few large files instead of many small ones. Node takes half a millisecond to
 * find, read and link a module, and `mln status` would need a hundred. What only some verbs need stays apart.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './setup.js';

/** Libraries that most commands need: of many files, or of CommonJS, which takes Node longer still. */
const inlined = ['commander', 'execa', 'p-limit', 'parsimmon', 'picocolors', 'tapable'];

const packages = ['core', ...readdirSync(join(root, 'plugins')).map((name) => join('plugins', name))];
for (const folder of packages.map((name) => join(root, name))) {
  const {
    exports,
    dependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const modules = Object.values(exports).flatMap((each) => each.default ?? []);
  const { outputFiles } = await build({
    entryPoints: modules.map((path) => join(folder, path.replace('./dist/', 'build/'))),
    outbase: join(folder, 'build'),
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !inlined.includes(name)),
    // CommonJS that is inlined asks for modules of Node.
    banner: {
      js: "import { createRequire as ofModule } from 'node:module'; const require = ofModule(import.meta.url);",
    },
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'error',
  });
  writeChanged(outputFiles);
  removeOthers(join(folder, 'dist'), new Set(outputFiles.map(({ path }) => path)));
}

/** A file that stays the same is left alone: a command that runs may be about to load it. */
function writeChanged(files) {
  for (const { path, text } of files) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

function removeOthers(folder, made) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !made.has(path)) rmSync(path);
  }
}
