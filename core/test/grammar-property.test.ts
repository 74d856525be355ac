import { expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import { parseProject } from '../src/grammar.js';
import { block, print, quoteWord, statement, type Item } from '../src/tree.js';
import { readWord } from '../src/word.js';
import { fc } from '../../test/support/fast-check.js';

/** Reads a text; gives a tree, or null where it is refused with errors that have places. Anything else is thrown. */
function read(text: string): readonly Item[] | null {
  try {
    return parseProject(text, 'x.mln').items;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    for (const { severity, place } of error.problems) {
      expect(severity).toBe('error');
      expect(text.split('\n').length).toBeGreaterThanOrEqual(place?.line ?? Infinity);
    }
    return null;
  }
}

/** Every item stands where it says, and a block's text is what stands between its braces. */
function checkItems(items: readonly Item[], text: string): void {
  const lines = text.split('\n');
  for (const { place, ...item } of items) {
    if (!place) throw new Error('an item has no place');
    const rest = [lines[place.line - 1]?.slice(place.column - 1), ...lines.slice(place.line)].join('\n');
    if (item.kind === 'include') expect(rest.startsWith('#include')).toBe(true);
    else if (item.kind === 'assignment') expect(rest.startsWith(`$${item.name}`)).toBe(true);
    else expect(rest.startsWith(item.keyword || '{')).toBe(true);
    if (item.kind !== 'block') continue;
    expect(text.slice(item.from, item.from + item.raw.length)).toBe(item.raw);
    checkItems(item.items, text);
  }
}

const refusedOrTree = (text: string): void => {
  const items = read(text);
  if (items && !text.startsWith('\ufeff')) checkItems(items, text);
};

const tokens = [
  ...['host', 'a', '$x', '$x=1', '=', '<<E', "<<-'E'", '<<<', '2<<E', '#include', 'f.txt', '<stdio.h>', '${', '$['],
  ...[' {', '{', '{ ', ' {\n', '}', ' }', '}\n', '{}', '{,', '\nE\n', '\n  E\n', '# c', '#', ';', ';;'],
  ...['\n', '\n', '\n', '\r\n', '\r', ' ', ' ', '\t', '\u00a0', '\ufeff', '\u2028', '\f', '"', "'", '"a b"', "'a b'"],
  ...['\\', '\\\n', '\\\r\n', '\\ ', '\\{', '\\"', 'ä', '😀', '\ud800'],
];

test('any text is read, or refused with errors', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), refusedOrTree), { numRuns: 400 });
});

test('any bytes are read, or refused with errors', () => {
  const bytes = fc.uint8Array({ maxLength: 500 }).map((each) => new TextDecoder('latin1').decode(each));
  fc.assert(fc.property(bytes, refusedOrTree), { numRuns: 400 });
});

test('any soup of tokens is read, or refused with errors', () => {
  const soup = fc.array(fc.constantFrom(...tokens), { maxLength: 120 }).map((each) => each.join(''));
  fc.assert(fc.property(soup, refusedOrTree), { numRuns: 1000 });
});

test('any soup of lines is read, or refused with errors', () => {
  const lines = [
    'host a {',
    '  network eth0 { switch A }',
    '}',
    'x <<E',
    'E',
    '  cat <<E; cat <<F',
    'F',
    '$x = "a',
    '#',
  ];
  const soup = fc.array(fc.constantFrom(...lines), { maxLength: 60 }).map((each) => each.join('\n'));
  fc.assert(fc.property(soup, refusedOrTree), { numRuns: 200 });
});

/** Values that a word can have: everything but NUL and newlines. */
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).map((each) => each.replace(/[\0\n]/g, '')),
  fc.stringMatching(/^[ a-z"'\\#${}[\];=<\t]{0,8}$/),
  fc.constantFrom('$6$salt$hash', '', 'a b', '#include', '{', '}', '\\', '"', "'", '$x', '=', '\u00a0'),
);
const word = value.map(quoteWord).filter((each) => !/^\d*<</.test(each));
const items = fc.letrec<{ item: Item; items: Item[] }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(word, fc.array(word, { maxLength: 3 })).map(([keyword, words]) => statement(keyword, ...words)),
    fc
      .tuple(word, fc.array(word, { maxLength: 2 }), tie('items'))
      .map(([keyword, words, inner]) => block(keyword, words, inner)),
    fc
      .tuple(fc.stringMatching(/^[A-Za-z_]\w{0,3}$/), fc.array(word, { maxLength: 3 }))
      .map(([name, words]): Item => ({ kind: 'assignment', name, words, place: null, origin: null })),
    fc
      .stringMatching(/^[a-z./$\\; {}<#"]{1,8}$/)
      .map((path): Item => ({ kind: 'include', path, span: [0, 0], place: null, origin: null })),
  ),
  items: fc.array(tie('item'), { maxLength: 4 }),
})).items;

/** What of an item does not depend on where it stands; a line that is joined to the end of a word is nothing. */
function shape(item: Item): unknown {
  if (item.kind === 'include') return item.path;
  const head = item.kind === 'assignment' ? `$${item.name}` : item.keyword;
  const words = [head, ...item.words].map((each) => each.replace(/(?:\\\n)+$/, ''));
  return [item.kind, ...words, ...(item.kind === 'block' ? [item.items.map(shape)] : [])];
}

test('what is printed reads as what it was', () => {
  fc.assert(
    fc.property(items, (made) => {
      const text = print(made);
      const again = read(text);
      expect(again?.map(shape)).toEqual(made.map(shape));
      expect(print(again ?? [])).toBe(text);
    }),
    { numRuns: 500 },
  );
});

/** Words that no value is quoted as, and that people write all the same. */
const written = [
  "Bob's",
  'a"b c"d',
  'x{,.bak}',
  '${A:-b}',
  'a\\ b',
  '\\{',
  '\\#',
  'a\\\nb',
  'a#b',
  '<b>',
  "'a b'",
  '$[x]y',
  '=',
  ';',
];

test('what was read and is printed reads as what it was', () => {
  const piece = fc.constantFrom(...written, ...tokens.filter((each) => !/<<|\r/.test(each)));
  const soup = fc.array(piece, { maxLength: 60 });
  const text = fc.oneof(
    soup.map((each) => each.join(' ')),
    soup.map((each) => each.join('')),
  );
  fc.assert(
    fc.property(text, (each) => {
      const made = read(each);
      if (!made) return;
      const printed = print(made);
      expect(read(printed)?.map(shape)).toEqual(made.map(shape));
      expect(print(read(printed) ?? [])).toBe(printed);
    }),
    { numRuns: 1500 },
  );
});

test('a value that is quoted reads as that value', () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(readWord(quoteWord(each), () => 'replaced')).toBe(each);
    }),
    { numRuns: 1000 },
  );
});
