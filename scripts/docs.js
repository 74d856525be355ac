/*
 * Writes what docs/ has of the keyword table and the error codes: two pages, a JSON Schema, a TextMate grammar. The
 * plug-ins are those of mln.config.json. test/docs.test.ts fails where a file is not what this would write.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advice } from '../core/build/advice.js';
import { codes } from '../core/build/codes.js';
import { loadConfiguration } from '../core/build/configuration.js';
import { factsOf, kinds, titleOf } from '../core/build/explain.js';
import * as core from '../core/build/index.js';
import { createMln } from '../core/build/kernel.js';
import { loadPlugins } from '../core/build/plugins.js';
import { pages } from './docs/dist/pages.js';
import { root } from './setup.js';

const standard = join(root, 'mln.config.json');
const configuration = await loadConfiguration({ config: standard }, standard, {});
const { loaded, broken } = await loadPlugins(configuration.plugins, standard);
const { keywords } = await createMln({
  core,
  shell: (program) => Promise.reject(new Error(`${program} is not to be run here`)),
  folders: configuration.folders,
  configuration,
  plugins: loaded,
  broken,
});
for (const [path, text] of await pages({ keywords, codes, advice, kinds, titleOf, factsOf })) {
  writeFileSync(join(root, path), text);
  console.log(path);
}
