import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import { read } from './trees.js';

const MiB = 1024 * 1024;

/** What is made to use up a machine is refused at its first place. */
test.each([
  ['lists in lists', 'x.json', '['.repeat(4 * MiB), '1:202 MLN_TOO_DEEP'],
  ['objects in objects', 'x.json', '{"a":'.repeat(800_000), '1:1006 MLN_TOO_DEEP'],
  ['blocks in blocks', 'x.json', inBlocks(100, '{}'), '1:322 MLN_TOO_DEEP'],
  ['a string without an end', 'x.json', `"${'\\'.repeat(4 * MiB - 1)}`, '1:1 MLN_BAD_FILE'],
  ['flow lists in flow lists', 'x.yaml', '['.repeat(4 * MiB), '1:201 MLN_TOO_DEEP'],
  ['flow maps in flow maps', 'x.yaml', '{a: '.repeat(MiB), '1:798 MLN_TOO_DEEP'],
  ['lists in lists', 'x.yaml', '- '.repeat(2 * MiB), '1:400 MLN_TOO_DEEP'],
  ['keys in keys', 'x.yaml', '? '.repeat(2 * MiB), '1:400 MLN_TOO_DEEP'],
  ['blocks in blocks', 'x.yaml', '{a: '.repeat(100) + '}'.repeat(100), '1:258 MLN_TOO_DEEP'],
  ['elements in elements', 'x.xml', `<project>${'<a>'.repeat(MiB)}`, '1:610 MLN_TOO_DEEP'],
  ['blocks in blocks', 'x.xml', `<project>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</project>`, '1:202 MLN_TOO_DEEP'],
  ['more than 4 MiB', 'x.json', ' '.repeat(4 * MiB) + '{}', '- MLN_BAD_FILE'],
  ['more than 4 MiB of indentation', 'x.json', inBlocks(60, `[${'"a",'.repeat(40_000)}"a"]`), '1:137698 MLN_BAD_FILE'],
])('%s in %s', async (_, file, text, expected) => {
  expect(await errorOf(file, text)).toBe(expected);
});

/** Regular expressions go down by recursion too. */
test.each([
  ['blank lines', 'x.xml', `<project><startup>${'\n'.repeat(4_000_000)}a</startup></project>`],
  ['entities', 'x.xml', `<project><startup>${'&lt;'.repeat(MiB - 100)}</startup></project>`],
])('%s in %s are not too many', async (_, file, text) => {
  expect(await errorOf(file, text)).toBeNull();
});

function inBlocks(depth: number, text: string): string {
  return '{"a":'.repeat(depth) + text + '}'.repeat(depth);
}

async function errorOf(file: string, text: string): Promise<string | null> {
  try {
    await read(text, file);
    return null;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const place = error.problems[0]?.place;
    return `${place ? `${place.line}:${place.column}` : '-'} ${error.code}`;
  }
}
