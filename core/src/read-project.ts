import { dirname, resolve } from 'node:path';
import { expandIncludes, readText } from './include.js';
import type { Mln } from './kernel.js';
import { resolveProject, type Resolved } from './resolve.js';
import { createTreeContext } from './transform.js';

export interface ReadOptions {
  /** Variables of `global` that the command line sets. */
  readonly set?: ReadonlyMap<string, string>;
  /** Options of the command line that plug-ins have added. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The text, where it does not come from the file. */
  readonly text?: string;
}

export interface ReadProject extends Resolved {
  /** The project file as it was written, includes in place. */
  readonly source: string;
}

/** Goes the pure half of the way: from a project file to the project. Throws an MlnError with all that is wrong. */
export async function readProject(
  mln: Mln,
  file: string,
  { set = new Map(), options = {}, text }: ReadOptions = {},
): Promise<ReadProject> {
  const path = resolve(file);
  const written = text ?? readText(path);
  const parse = (each: string, from: string): ReturnType<typeof mln.hooks.parse.call> =>
    mln.hooks.parse.call(each, from);
  const expanded = expandIncludes(parse(written, path), written, parse);
  const tree = await mln.hooks.transformTree.promise(expanded.tree, createTreeContext(set, options));
  const { configuration, folders } = mln;
  const resolved = resolveProject(tree, mln.keywords, mln.hooks, {
    set,
    home: configuration.serviceHost,
    source: dirname(path),
    projects: folders.projects,
  });
  return { ...resolved, source: expanded.text };
}
