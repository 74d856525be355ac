import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { failure, inOrder, isMlnError, messageOf, MlnError, type Place, type Problem } from './errors.js';
import { MAX_DEPTH, MAX_ERRORS, MAX_INCLUDED, MAX_INCLUDES } from './limits.js';
import { decodeUtf8 } from './utf8.js';
import type { Block, Include, Item, Tree } from './tree.js';

/** Reads a text as a tree: what the `parse` hook does. */
export type Parse = (text: string, file: string) => Tree;

/** Reads a file, and says where it was asked for when it cannot be read. */
export function readText(file: string, place?: Place, hint?: string): string {
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
    throw failure('MLN_NO_FILE', reason, { place, hint, cause: error });
  }
  return textOfBytes(bytes, file, place);
}

/** Throws MLN_NO_FILE for a pipe or a device: reading it may never end. */
function refuseOthers(file: string, place: Place | undefined): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw failure('MLN_NO_FILE', `${file} is a pipe or a device, and no file that could be included`, { place });
}

/** Reads the bytes of a file as text, and says where they are none. */
export function textOfBytes(bytes: Buffer, file: string, place?: Place): string {
  const text = decodeUtf8(bytes);
  if (typeof text === 'string') return text;
  const bad = { file, ...text, ...(place && { includedFrom: place }) };
  throw failure('MLN_BAD_FILE', `${file} is not UTF-8 text`, { place: bad });
}

/**
 * Puts included files in the place of their directives, in statements and in raw text alike. Paths are relative to
 * the file that holds the directive. The errors of all files, those of the tree among them, are thrown as one.
 */
export function expandIncludes(tree: Tree, text: string, parse: Parse): { readonly tree: Tree; readonly text: string } {
  const problems: Problem[] = [...(tree.problems ?? [])];
  const expanded = new Expansion(parse, problems).file(tree, text, { files: [], depth: 0 });
  if (problems.length > 0) throw new MlnError(inOrder(problems.slice(0, MAX_ERRORS)));
  return expanded;
}

interface Expanded<T> {
  readonly item: T;
  /** What changed in the text of the file: [start, end, new text]. */
  readonly splices: readonly Splice[];
}
type Splice = readonly [start: number, end: number, text: string];

/** How an item came into the tree: through which files, and how many blocks and files it stands in. */
interface Way {
  readonly files: readonly string[];
  readonly depth: number;
}

class Expansion {
  #includes = 0;
  #length = 0;

  constructor(
    private readonly parse: Parse,
    private readonly problems: Problem[],
  ) {}

  file(tree: Tree, text: string, { files, depth }: Way, through?: Place): { tree: Tree; text: string } {
    const way = { files: [...files, canonical(tree.file)], depth };
    const items = tree.items.map((item) => this.#item(item, text, way, through));
    const splices = items.flatMap((each) => each.splices);
    return { tree: { ...tree, items: items.flatMap((each) => each.item) }, text: splice(text, 0, splices) };
  }

  #item(item: Item, text: string, way: Way, through: Place | undefined): Expanded<Item[]> {
    const place = through && item.place ? { ...item.place, includedFrom: through } : item.place;
    if (item.kind === 'include') return this.#include({ ...item, place }, text, way);
    if (item.kind !== 'block') return { item: [through ? { ...item, place } : item], splices: [] };
    const inside = deeper(way, place);
    const inner = item.items.map((each) => this.#item(each, text, inside, through));
    const splices = inner.flatMap((each) => each.splices);
    if (splices.length === 0 && !through) return { item: [item], splices };
    const raw = splice(item.raw, item.from, splices);
    const changed: Block = { ...item, place, items: inner.flatMap((each) => each.item), raw };
    return { item: [changed], splices };
  }

  #include(item: Include, text: string, way: Way): Expanded<Item[]> {
    const place = item.place ?? undefined;
    const file = resolve(dirname(place?.file ?? '.'), item.path);
    if (this.#isFull()) return { item: [], splices: [] };
    try {
      const { files } = way;
      if (files.includes(canonical(file)))
        throw failure('MLN_INCLUDE_CYCLE', `${item.path} includes itself`, {
          place,
          hint: [...files, canonical(file)].join(' → '),
        });
      const inside = deeper(way, place);
      const hint = item.path.includes('$') ? 'variables cannot stand in the path of an #include' : undefined;
      refuseOthers(file, place);
      const included = readText(file, place, hint);
      const parsed = this.parse(included, file);
      this.#tell(parsed.problems ?? [], file, place);
      const inner = this.file(parsed, parsed.text ?? included, inside, place);
      const lineStart = text.lastIndexOf('\n', item.span[0] - 1) + 1;
      const before = text.slice(lineStart, item.span[0]);
      const indent = /\{[ \t]*$/.test(before) ? '' : (/^[ \t]*/.exec(before)?.[0] ?? '');
      this.#count(inner.text.length + indent.length * inner.text.split('\n').length, place);
      const lines = inner.text
        .replace(/^\ufeff/, '')
        .replace(/\n$/, '')
        .replace(/\n(?=[^\n])/g, `\n${indent}`);
      return { item: [...inner.tree.items], splices: [[item.span[0], item.span[1], lines]] };
    } catch (error) {
      if (!isMlnError(error)) throw error;
      this.#tell(error.problems, file, place);
      return { item: [], splices: [] };
    }
  }

  #tell(problems: readonly Problem[], file: string, place: Place | undefined): void {
    for (const problem of problems) this.problems.push({ ...problem, place: through(problem.place, file, place) });
  }

  /** Files that include each other twice double with each step. */
  #count(length: number, place: Place | undefined): void {
    if (this.#isFull()) return;
    this.#includes += 1;
    this.#length += length;
    if (this.#isFull())
      throw failure('MLN_TOO_LARGE', 'the included files of this project come to more than mln reads', {
        place,
        hint: 'do they include each other again and again?',
      });
  }

  /** When nothing more is included: what there is has been told to be too much. */
  #isFull(): boolean {
    return this.#includes > MAX_INCLUDES || this.#length > MAX_INCLUDED || this.problems.length >= MAX_ERRORS;
  }
}

/** The way into a block or file. A file may stand in a block, and its blocks in those of the file that includes it. */
function deeper({ files, depth }: Way, place: Place | null | undefined): Way {
  if (depth < MAX_DEPTH) return { files, depth: depth + 1 };
  throw failure('MLN_TOO_DEEP', `blocks and included files stand within each other more than ${MAX_DEPTH} deep`, {
    place: place ?? undefined,
  });
}

/** An error inside an included file names that file, and the line that includes it; that line where it names no place. */
function through(at: Place | undefined, file: string, place: Place | undefined): Place | undefined {
  if (!at || at === place) return place;
  if (!place || at.file !== file || at.includedFrom) return at;
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
