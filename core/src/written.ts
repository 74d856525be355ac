import type { Keyword } from './keywords.js';
import type { Value } from './project.js';
import { quoteWord } from './tree.js';

const units: readonly (readonly [name: string, bytes: number])[] = [
  ['T', 1024 ** 4],
  ['G', 1024 ** 3],
  ['M', 1024 ** 2],
  ['K', 1024],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
];

/** Writes bytes as a size of the language, with nothing rounded: 64M, 5GB, 1000. */
export function writeSize(bytes: number): string {
  let best = String(bytes);
  let fewest = best.length;
  for (const [name, factor] of units) {
    const count = bytes / factor;
    if (!Number.isInteger(count) || String(count).length >= fewest) continue;
    [best, fewest] = [`${count}${name}`, String(count).length];
  }
  return best;
}

/** Writes words as a line of the language. */
export function writeWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

/** Writes a value as it may stand behind its keyword: yes and no, sizes with their units. */
export function writeValue(value: Value, keyword: Keyword | undefined): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  return keyword?.kind === 'size' ? writeSize(value) : String(value);
}
