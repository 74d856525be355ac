import * as core from '../src/index.js';
import { createMln, type LoadedPlugin, type Mln } from '../src/kernel.js';
import { claim } from '../src/project.js';
import type { Shell } from '../src/shell.js';

/** Runs everything, and knows a flag and a block of its own. */
const hypervisor: LoadedPlugin = {
  name: 'fake',
  version: '1.0.0',
  api: '^1.0.0',
  source: 'fake',
  options: {},
  plugin: ({ hooks }) => {
    hooks.keywords.tap('fake', (keywords) => {
      keywords.declare(
        { name: 'xen', in: ['host'], kind: 'flag', help: 'A flag.' },
        { name: 'autoenum', in: ['global'], kind: 'block', help: 'A block.' },
        { name: 'numhosts', in: ['autoenum'], kind: 'number', help: 'A number.' },
      );
    });
    hooks.resolveUnit.tap('fake', (unit) => claim(unit, 'fake'));
  },
};

const noShell: Shell = (program) => Promise.reject(new Error(`${program} is not to be run`));

/** A kernel that reads projects and needs no machine; its folders lie below the given one. */
export function fakeMln(folder: string, plugins: readonly LoadedPlugin[] = [hypervisor]): Promise<Mln> {
  const folders = { projects: `${folder}/projects`, templates: `${folder}/templates`, files: `${folder}/files` };
  const configuration = { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} };
  return createMln({ core, shell: noShell, folders, configuration, plugins });
}
