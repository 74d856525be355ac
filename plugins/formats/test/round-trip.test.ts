import { expect, test } from '@jest/globals';
import { block, isMlnError, print, type Item, type Tree } from '@mln/core';
import { corpus, printed, read, shape } from './trees.js';
import { fc } from '../../../test/support/fast-check.js';

const formats = ['json', 'yaml', 'xml'] as const;

/** A tree; null for what is none, and for blocks with heredocs whose lines stand outside of their braces. */
async function readable(text: string): Promise<Tree | null> {
  try {
    const tree = await read(text, 'x.mln');
    // A line that is to be joined with one that never comes.
    if (/\\\r(?!\n)/.test(text)) return null;
    return (await whole(tree.items)) ? tree : null;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return null;
  }
}

async function whole(items: readonly Item[]): Promise<boolean> {
  for (const item of items) {
    if (item.kind !== 'block') continue;
    // A host of the saved form.
    if (item.fenced && item.words.length > 0) return false;
    if (item.fenced) continue;
    if ([item.keyword, ...item.words].join(' ').includes('<<')) return false;
    const { items: again } = await read(`x {\n${item.raw}\n}`, 'x.mln');
    if (print(again) !== print([block('x', [], item.items)]) || !(await whole(item.items))) return false;
  }
  return true;
}

async function survives(source: string, tree: Tree, format: string): Promise<void> {
  const text = printed(tree, format);
  let again: Tree;
  try {
    again = await read(text, `x.${format}`);
  } catch (error) {
    throw new Error(`${print(tree.items)}\n-----\n${text}`, { cause: error });
  }
  expect(shape(again.items)).toEqual(shape(tree.items));
  // What was printed once is printed so again, but for joined lines and odd blanks.
  if (!/\\\n|[^\S \t\n]/.test(source)) expect(printed(again, format)).toBe(text);
}

test.each(formats)('every project of the corpus comes through %s', async (format) => {
  let count = 0;
  for (const text of corpus) {
    const tree = await readable(text);
    if (!tree) continue;
    count += 1;
    await survives(text, tree, format);
  }
  expect(count).toBeGreaterThan(50);
});

const snippet = fc.constantFrom(
  ...['{', '}', ' { ', ' }\n', ';', '\n', ' ', '#', ' # c\n', '"', "'", '\\', '\\\n', '$x', '$x = 1\n', '$x=#a', '="'],
  ...['true', 'null', 'no', '~', '- a', ': ', '? ', '| ', '&a ', '*a', '!t', '%', '<', '>', '&lt;', ']]>', '<!--'],
  ...[
    '<<E',
    '\nE\n',
    ' x <<E\n a {\nE\n',
    '${a\nb}',
    'x{a,b}',
    '\r\n',
    '\r',
    '\t',
    '\u0001',
    '\u0085',
    '\u2028',
    '\u00a0',
  ],
  ...['10', '__proto__ a\n', 'constructor {\n}\n', 'set a\n', 'item b\n', 'include c\n', 'global {\n', 'host a {\n'],
  ...[
    'startup {\n',
    'startup a\n',
    'users {\n',
    'modules {\n loop\n}\n',
    'network eth0 {\n',
    'foo {\n',
    'ä',
    '😀',
    '',
    "Bob's",
  ],
);

/** A project of the corpus, with some of its text replaced. */
const mutated = fc
  .tuple(fc.constantFrom(...corpus), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), snippet), { maxLength: 6 }))
  .map(([text, changes]) =>
    changes.reduce((all, [at, length, put]) => {
      const from = at % (all.length + 1);
      return all.slice(0, from) + put + all.slice(from + length);
    }, text),
  )
  // Half a character is in no file.
  .map((text) => text.replace(/\p{Cs}/gu, ''));

const soup = fc.array(snippet, { maxLength: 40 }).map((each) => each.join(''));

test.each(formats)('what the grammar reads comes through %s', async (format) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, soup), async (text) => {
      const tree = await readable(text);
      if (tree) await survives(text, tree, format);
    }),
    { numRuns: Number(process.env['RUNS'] ?? 200) },
  );
});
