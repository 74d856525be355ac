import { faultsOf } from './columns.js';
import type { Place, Problems } from './errors.js';
import type { Keyword } from './keywords.js';
import { warnOfTwice } from './told-twice.js';
import type { Block } from './tree.js';
import type { Found, View } from './view.js';

/** One line of a list block. */
export interface Row {
  readonly words: readonly string[];
  readonly place: Place | null;
}

/** How a list is read. */
export interface ListOf {
  readonly name: string;
  /** Which word of a row is its key. */
  readonly key: number;
  readonly declared: Keyword | undefined;
}

/** Reads the rows of blocks, the farthest first; of two rows with one key the nearest counts, in the place of the first. What does not fit their columns is told, and stays. */
export function readRows(
  view: View,
  blocks: readonly Found<Block>[],
  list: ListOf,
  problems: Problems,
): readonly Row[] {
  const rows = new Map<string, Row>();
  const known = new Map<string, Found>();
  for (const { item: block, layer } of blocks) {
    const reset = resetsList(block);
    if (reset) for (const each of [rows, known]) each.clear();
    for (const item of reset ? block.items.slice(1) : block.items) {
      const words = view.row(item, layer);
      if (!words) continue;
      const found = { item, layer };
      tellFaults(words, list, found, view);
      const key = words[list.key] ?? words.join(' ');
      const before = known.get(key);
      if (before?.layer === layer) warnOfTwice(`${shown(key, list)} in ${list.name}`, before.item, item, problems);
      rows.set(key, { words, place: item.place ?? block.place });
      known.set(key, found);
    }
  }
  return [...rows.values()];
}

function tellFaults(words: readonly string[], { name, declared }: ListOf, found: Found, view: View): void {
  const { columns, syntax, secret } = declared ?? {};
  if (!columns) return;
  for (const fault of faultsOf(name, words, columns, secret === true ? 0 : secret))
    view.error('MLN_BAD_VALUE', fault, found, `a row: ${syntax ?? ''}`);
}

function shown(word: string, { key, declared }: ListOf): string {
  const secret = declared?.secret ?? Infinity;
  return secret === true || secret <= key ? 'a row' : word;
}

/** Tells whether the first row of a list is `reset`: what it inherits does not count. */
export function resetsList({ items: [item] }: Block): boolean {
  return item?.kind === 'statement' && item.keyword === 'reset' && item.words.length === 0;
}
