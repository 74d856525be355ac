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
  await tapGrammar(mln);
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

const tapped = new WeakSet<Mln>();

/** The core's own tap of `parse`, made when a project is first read: the grammar takes longer to load than most verbs run. */
async function tapGrammar(mln: Mln): Promise<void> {
  if (tapped.has(mln)) return;
  tapped.add(mln);
  const { parseProject } = await import('./grammar.js');
  mln.hooks.parse.tap({ name: 'core', stage: 100 }, parseProject);
}
