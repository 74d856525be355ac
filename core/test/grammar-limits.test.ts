import { expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import { parseProject } from '../src/grammar.js';
import type { Item } from '../src/tree.js';

/** The code and place of the first error, or the number of items at the top. */
function read(text: string): string | number {
  try {
    return parseProject(text, 'x.mln').items.length;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const [problem] = error.problems;
    return [error.code, problem?.place && `${problem.place.line}:${problem.place.column}`].join(' ').trim();
  }
}

const depthOf = (items: readonly Item[]): number =>
  Math.max(0, ...items.map((item) => (item.kind === 'block' ? 1 + depthOf(item.items) : 0)));

test('64 blocks within each other are read', () => {
  expect(depthOf(parseProject('a {\n'.repeat(64) + '}'.repeat(64), 'x.mln').items)).toBe(64);
});

test.each<[string, string, string | number]>([
  ['65 blocks', 'a {\n'.repeat(65) + '}'.repeat(65), 'MLN_TOO_DEEP 65:3'],
  ['65 blocks that are not closed', '{'.repeat(65), 'MLN_TOO_DEEP 1:65'],
  ['100,000 blocks', '{\n'.repeat(100_000), 'MLN_TOO_DEEP 65:1'],
  ['100,000 braces in a word', `a x${'{y'.repeat(100_000)}`, 'MLN_TOO_DEEP'],
  ['100,000 stray braces', '}\n'.repeat(100_000), 'MLN_STRAY_BRACE 1:1'],
  ['100,000 quotes', '"\''.repeat(100_000), 1],
  ['100,000 quotes that are not closed', '"\\'.repeat(100_000), 1],
  ['100,000 backslashes', '\\'.repeat(100_000), 1],
  ['100,000 joined lines', 'a \\\n'.repeat(100_000), 1],
  ['100,000 heredocs that are not closed', 'a <<E\n'.repeat(100_000), 'MLN_OPEN_TEXT 1:3'],
  ['2,000 fences', 'a <<E\nb\nE\n'.repeat(2000), 2000],
  ['4 MiB', `a ${'x'.repeat(4 * 1024 * 1024 - 2)}`, 1],
  ['a byte more', `a ${'x'.repeat(4 * 1024 * 1024 - 1)}`, 'MLN_BAD_FILE'],
  ['4 MiB in bytes, not in characters', 'ä'.repeat(2 * 1024 * 1024 + 1), 'MLN_BAD_FILE'],
  ['NUL', 'a\nb\0', 'MLN_BAD_FILE 2:2'],
  ['nothing', '', 0],
])('%s', (_, text, expected) => {
  expect(read(text)).toBe(expected);
});
