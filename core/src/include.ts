import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { failure, isMlnError, messageOf, MlnError, type Place, type Problem } from './errors.js';
import type { Block, Include, Item, Tree } from './tree.js';

/** Reads a text as a tree: what the `parse` hook does. */
export type Parse = (text: string, file: string) => Tree;

/** Reads a file, and says where it was asked for when it cannot be read. */
export function readText(file: string, place?: Place): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT'
        ? `there is no file ${file}`
        : code === 'EISDIR'
          ? `${file} is a folder`
          : `${file} cannot be read: ${messageOf(error)}`;
    throw failure('MLN_NO_FILE', reason, { place, cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw failure('MLN_BAD_FILE', `${file} is not UTF-8 text`, { place, cause: error });
  }
}

/**
 * Puts included files in the place of their directives, in statements and in raw text alike. Paths are relative to
 * the file that holds the directive. The errors of all files are thrown as one.
 */
export function expandIncludes(tree: Tree, text: string, parse: Parse): { readonly tree: Tree; readonly text: string } {
  const problems: Problem[] = [];
  const expanded = new Expansion(parse, problems).file(tree, text, []);
  if (problems.length > 0) throw new MlnError(problems);
  return expanded;
}

interface Expanded<T> {
  readonly item: T;
  /** What changed in the text of the file: [start, end, new text]. */
  readonly splices: readonly Splice[];
}
type Splice = readonly [start: number, end: number, text: string];

class Expansion {
  constructor(
    private readonly parse: Parse,
    private readonly problems: Problem[],
  ) {}

  file(tree: Tree, text: string, chain: readonly string[], through?: Place): { tree: Tree; text: string } {
    const files = [...chain, canonical(tree.file)];
    const items = tree.items.map((item) => this.#item(item, text, files, through));
    const splices = items.flatMap((each) => each.splices);
    return { tree: { ...tree, items: items.flatMap((each) => each.item) }, text: splice(text, 0, splices) };
  }

  #item(item: Item, text: string, chain: readonly string[], through: Place | undefined): Expanded<Item[]> {
    const place = through && item.place ? { ...item.place, includedFrom: through } : item.place;
    if (item.kind === 'include') return this.#include({ ...item, place }, text, chain);
    if (item.kind !== 'block') return { item: [through ? { ...item, place } : item], splices: [] };
    const inner = item.items.map((each) => this.#item(each, text, chain, through));
    const splices = inner.flatMap((each) => each.splices);
    if (splices.length === 0 && !through) return { item: [item], splices };
    const raw = splice(item.raw, item.from, splices);
    const changed: Block = { ...item, place, items: inner.flatMap((each) => each.item), raw };
    return { item: [changed], splices };
  }

  #include(item: Include, text: string, chain: readonly string[]): Expanded<Item[]> {
    const place = item.place ?? undefined;
    const file = resolve(dirname(place?.file ?? '.'), item.path);
    try {
      if (chain.includes(canonical(file)))
        throw failure('MLN_INCLUDE_CYCLE', `${item.path} includes itself`, {
          place,
          hint: [...chain, canonical(file)].join(' → '),
        });
      const included = readText(file, place);
      const parsed = this.parse(included, file);
      const inner = this.file(parsed, parsed.text ?? included, chain, place);
      const lineStart = text.lastIndexOf('\n', item.span[0] - 1) + 1;
      const before = text.slice(lineStart, item.span[0]);
      const indent = /\{[ \t]*$/.test(before) ? '' : (/^[ \t]*/.exec(before)?.[0] ?? '');
      const lines = inner.text
        .replace(/^\ufeff/, '')
        .replace(/\n$/, '')
        .replace(/\n(?=[^\n])/g, `\n${indent}`);
      return { item: [...inner.tree.items], splices: [[item.span[0], item.span[1], lines]] };
    } catch (error) {
      if (!isMlnError(error)) throw error;
      this.problems.push(
        ...error.problems.map((problem) => ({ ...problem, place: through(problem.place, file, place) })),
      );
      return { item: [], splices: [] };
    }
  }
}

/** An error inside an included file names that file, and the line that includes it. */
function through(at: Place | undefined, file: string, place: Place | undefined): Place | undefined {
  if (!at || !place || at.file !== file || at.includedFrom) return at;
  return { ...at, includedFrom: place };
}

function splice(text: string, offset: number, splices: readonly Splice[]): string {
  let result = '';
  let from = 0;
  for (const [start, end, inserted] of splices) {
    result += text.slice(from, start - offset) + inserted;
    from = end - offset;
  }
  return result + text.slice(from);
}

function canonical(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}
