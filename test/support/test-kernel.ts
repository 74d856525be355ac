import * as core from '@mln/core';
import { createMln, type Mln, type Plugin, type Project, type Shell } from '@mln/core';
import { decide } from '../../core/src/decide.js';
import { readProject } from '../../core/src/read-project.js';

/** A plug-in, or one with its options. */
export type Loaded = Plugin | readonly [plugin: Plugin, options: Readonly<Record<string, unknown>>];

interface Machine {
  readonly projects?: string;
  readonly files?: string;
  readonly shell?: Shell;
}

const noShell: Shell = (program) => Promise.reject(new Error(`${program} is not to be run here`));

/** The kernel with these plug-ins alone, and no way to run a program but a shell that is given. */
export function testKernel(
  plugins: readonly Loaded[],
  { projects = '/projects', files = '/files', shell = noShell }: Machine = {},
): Promise<Mln> {
  const folders = { projects, templates: '/templates', files };
  return createMln({
    core,
    shell,
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
    plugins: plugins.map((each, index) => {
      const [plugin, options] = typeof each === 'function' ? [each, {}] : each;
      return { name: `plugin${index}`, version: '1.0.0', api: '^1.0.0', source: 'test', options, plugin };
    }),
  });
}

/** Reads and decides a project: the same text always gives the same one. The file need not be there. */
export async function decided(mln: Mln, file: string, text?: string): Promise<Project> {
  const { project } = await readProject(mln, file, text === undefined ? {} : { text });
  return decide(project, null, 'fixed');
}
