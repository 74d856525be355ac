import { dirname, resolve } from 'node:path';
import { expandIncludes, readText } from './include.js';
import type { Mln } from './kernel.js';
import { normalForm } from './normal-form.js';
import { failure, Problems } from './errors.js';
import { resolveProject, type Resolved } from './resolve.js';
import type { ReadingContext } from './scope.js';
import { createTreeContext } from './transform.js';
import type { Tree } from './tree.js';

export interface ReadOptions {
  /** Variables of `global` that the command line sets. */
  readonly set?: ReadonlyMap<string, string>;
  /** Options of the command line that plug-ins have added. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** As a test bed on this machine alone. */
  readonly rehearse?: boolean;
  /** What all hosts are made from in a rehearsal, in the stead of their own templates. */
  readonly template?: string;
  /** A keyword that nobody knows is an error. */
  readonly strict?: boolean;
  /** The text, where it does not come from the file. */
  readonly text?: string;
}

export interface ReadProject extends Resolved {
  /** The project file as it was written, includes in place. */
  readonly source: string;
  /** The tree that the project was resolved from: includes in place, transforms done. */
  readonly tree: Tree;
}

/** Reads a project file, and all files that it includes, as a tree in its normal form. */
export async function readTree(mln: Mln, path: string, text = readText(path)): Promise<{ tree: Tree; text: string }> {
  await tapGrammar(mln);
  const parse = (each: string, from: string): Tree => {
    const tree = mln.hooks.parse.call(each, from);
    if (!tree) throw failure('MLN_BAD_FILE', `nobody reads ${from}`);
    return tree;
  };
  const parsed = parse(text, path);
  const expanded = expandIncludes(parsed, parsed.text ?? text, parse);
  return { tree: normalForm(expanded.tree, mln.keywords), text: expanded.text };
}

/** Goes the pure half of the way: from a project file to the project. Throws an MlnError with all that is wrong. */
export async function readProject(
  mln: Mln,
  file: string,
  { set = new Map(), options = {}, rehearse = false, strict = false, template, text }: ReadOptions = {},
): Promise<ReadProject> {
  const path = resolve(file);
  const read = await readTree(mln, path, text);
  const context: ReadingContext = {
    problems: new Problems(),
    keywords: mln.keywords,
    set,
    asked: new Set(),
    replaced: { length: 0 },
  };
  const tree = await mln.hooks.transformTree.promise(read.tree, createTreeContext(context, options));
  const { configuration, folders } = mln;
  const resolved = resolveProject(tree, context, mln.hooks, {
    home: configuration.serviceHost,
    source: dirname(path),
    projects: folders.projects,
    rehearse,
    ...(template === undefined ? {} : { template }),
    strict,
  });
  return { ...resolved, source: read.text, tree };
}

const tapped = new WeakSet<Mln>();

/** The core's own tap of `parse`, made when a project is first read: the grammar takes longer to load than most verbs run. */
async function tapGrammar(mln: Mln): Promise<void> {
  if (tapped.has(mln)) return;
  tapped.add(mln);
  const { parseTree } = await import('./grammar.js');
  mln.hooks.parse.tap({ name: 'core', stage: 100 }, parseTree);
}
