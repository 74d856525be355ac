import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError, type Problem } from '../src/errors.js';
import { parseProject } from '../src/grammar.js';
import { expandIncludes, readText } from '../src/include.js';
import { dedent } from '../src/word.js';
import { scratchFolder } from './scratch.js';

type Files = Readonly<Record<string, string | Buffer>>;

function folderOf(files: Files): string {
  const folder = scratchFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** The text of x.mln with its includes in place; it reads as the tree does. */
function expanded(files: Files): string {
  const file = join(folderOf(files), 'x.mln');
  const text = readText(file);
  const { tree, text: whole } = expandIncludes(parseProject(text, file), text, parseProject);
  const again = parseProject(whole, file);
  const shape = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, each: unknown) =>
        ['place', 'from'].includes(key) ? null : key === 'raw' ? dedent(each as string) : each,
      ),
    );
  expect(shape(tree)).toEqual(shape(again));
  return whole;
}

function problemsOf(folder: string): readonly Problem[] {
  const file = join(folder, 'x.mln');
  try {
    expandIncludes(parseProject(readText(file), file), readText(file), parseProject);
  } catch (error) {
    if (isMlnError(error)) return error.problems;
    throw error;
  }
  return [];
}

test.each<[string, Files, string]>([
  ['a line', { 'x.mln': 'a\n#include y\nb\n', y: 'one\ntwo\n' }, 'a\none\ntwo\nb\n'],
  ['no newline at the end', { 'x.mln': 'a\n#include y', y: 'one' }, 'a\none'],
  ['an empty file', { 'x.mln': 'a\n#include y\nb\n', y: '' }, 'a\n\nb\n'],
  ['indentation', { 'x.mln': 'h {\n\t  #include y\n}\n', y: 'a\n  b\n\nc\n' }, 'h {\n\t  a\n\t    b\n\n\t  c\n}\n'],
  ['a block on one line', { 'x.mln': '  h { #include y }\n', y: 'a\nb\n' }, '  h { a\nb }\n'],
  ['behind another statement', { 'x.mln': '  a; #include y ; b\n', y: 'c\nd\n' }, '  a; c\n  d ; b\n'],
  ['a comment behind it', { 'x.mln': '#include y # why\nb\n', y: 'a\n' }, 'a # why\nb\n'],
  ['a byte order mark', { 'x.mln': 'a\n#include y\n', y: '\ufeffone\n' }, 'a\none\n'],
  ['a path with blanks', { 'x.mln': '#include "y z"\n', 'y z': 'a\n' }, 'a\n'],
  ['a path in another folder', { 'x.mln': '#include s/y\n', 's/y': '#include z\n', 's/z': 'a\n' }, 'a\n'],
  ['two in one block', { 'x.mln': 'h {\n#include y\n#include y\n}\n', y: 'a\n' }, 'h {\na\na\n}\n'],
  [
    'one within another',
    { 'x.mln': 'h {\n  #include y\n}\n', y: 'i {\n  #include z\n}\n', z: 'a\nb' },
    'h {\n  i {\n    a\n    b\n  }\n}\n',
  ],
  ['a fence', { 'x.mln': 'a <<E\n#include y\nE\n' }, 'a <<E\n#include y\nE\n'],
  ['a heredoc', { 'x.mln': 'a {\ncat <<E\n#include y\nE\n}\n' }, 'a {\ncat <<E\n#include y\nE\n}\n'],
])('%s', (_, files, text) => {
  expect(expanded(files)).toBe(text);
});

test('every item knows the file and line it stands on, and the directives it came through', () => {
  const folder = folderOf({ 'x.mln': 'a\n  #include y\n', y: '\n\nh {\n#include z\n}\n', z: ' b\n' });
  const file = join(folder, 'x.mln');
  const { tree } = expandIncludes(parseProject(readText(file), file), readText(file), parseProject);
  const [, host] = tree.items;
  const first = { file, line: 2, column: 3 };
  expect(host?.place).toEqual({ file: join(folder, 'y'), line: 3, column: 1, includedFrom: first });
  expect(host?.kind === 'block' && host.items[0]?.place).toEqual({
    file: join(folder, 'z'),
    line: 1,
    column: 2,
    includedFrom: { file: join(folder, 'y'), line: 4, column: 1, includedFrom: first },
  });
});

test.each<[string, Files, string, number]>([
  ['a file that includes itself', { 'x.mln': '#include x.mln\n' }, 'MLN_INCLUDE_CYCLE', 1],
  [
    'a longer cycle',
    { 'x.mln': '\n#include y\n', y: 'a\n\n#include ./s/../x.mln\n', 's/z': '' },
    'MLN_INCLUDE_CYCLE',
    3,
  ],
  ['a missing file', { 'x.mln': '\n\n#include y\n' }, 'MLN_NO_FILE', 3],
  ['a folder', { 'x.mln': '#include s\n', 's/z': '' }, 'MLN_NO_FILE', 1],
  ['bytes that are not UTF-8', { 'x.mln': '#include y\n', y: Buffer.from([0x61, 0xff, 0x0a]) }, 'MLN_BAD_FILE', 1],
  ['a NUL byte', { 'x.mln': '#include y\n', y: 'a\n\0' }, 'MLN_BAD_FILE', 2],
  ['a brace too many', { 'x.mln': 'h {\n#include y\n', y: 'a\n}\n}\n' }, 'MLN_OPEN_BLOCK', 1],
  ['a brace too many in the included file', { 'x.mln': 'h {\n#include y\n}\n', y: 'a\n}\n' }, 'MLN_STRAY_BRACE', 2],
])('%s', (_, files, code, line) => {
  expect(problemsFrom(files)).toEqual([[code, line]]);
});

function problemsFrom(files: Files): [string, number | undefined][] {
  const folder = folderOf(files);
  try {
    return problemsOf(folder).map(({ code, place }) => [code, place?.line]);
  } catch (error) {
    if (isMlnError(error)) return error.problems.map(({ code, place }) => [code, place?.line]);
    throw error;
  }
}

test('a cycle is seen through links, and its hint is the chain', () => {
  const folder = folderOf({ 'x.mln': '#include y\n', y: '#include link\n' });
  symlinkSync('x.mln', join(folder, 'link'));
  expect(problemsOf(folder)).toEqual([
    expect.objectContaining({
      code: 'MLN_INCLUDE_CYCLE',
      hint: ['x.mln', 'y', 'x.mln'].map((name) => join(folder, name)).join(' → '),
    }),
  ]);
});

test('the errors of all files are told at once', () => {
  const files = { 'x.mln': '#include y\n#include none\n#include z\n', y: 'a {\n', z: '}\n' };
  expect(problemsFrom(files).map(([code]) => code)).toEqual(['MLN_OPEN_BLOCK', 'MLN_NO_FILE', 'MLN_STRAY_BRACE']);
});

/** Files y0, y1, …, each made of the one before. */
function ladder(steps: number, first: string, step: (below: string) => string): Files {
  const names = Array.from({ length: steps }, (_, index) => `y${index}`);
  return Object.fromEntries(names.map((name, index) => [name, index === 0 ? first : step(`y${index - 1}`)]));
}

test.each<[string, string, Files]>([
  [
    '64 files that include each other',
    'MLN_TOO_DEEP',
    { 'x.mln': '#include y64\n', ...ladder(65, 'a\n', (below) => `#include ${below}\n`) },
  ],
  [
    'blocks and files within each other',
    'MLN_TOO_DEEP',
    {
      'x.mln': '#include y2\n',
      ...ladder(3, 'a\n', (below) => `${'b {\n'.repeat(32)}#include ${below}\n${'}'.repeat(32)}`),
    },
  ],
  [
    'eight files that include each other eight times',
    'MLN_TOO_LARGE',
    { 'x.mln': '#include y7\n', ...ladder(8, 'a\n', (below) => `#include ${below}\n`.repeat(8)) },
  ],
  ['10,001 times an empty file', 'MLN_TOO_LARGE', { 'x.mln': '#include y\n'.repeat(10_001), y: '' }],
  [
    'indentation that makes it long',
    'MLN_TOO_LARGE',
    { 'x.mln': `${' '.repeat(3000)}#include y\n`, y: '\n'.repeat(6000) },
  ],
])('%s are refused', (_, code, files) => {
  expect(problemsFrom(files).map(([each]) => each)).toEqual([code]);
});

test('63 files that include each other are read', () => {
  expect(problemsFrom({ 'x.mln': '#include y63\n', ...ladder(64, 'a\n', (below) => `#include ${below}\n`) })).toEqual(
    [],
  );
});

test('a file that is too large is told where it is included', () => {
  expect(problemsFrom({ 'x.mln': '\n#include y\n', y: `a ${'x'.repeat(4 * 1024 * 1024)}` })).toEqual([
    ['MLN_BAD_FILE', 2],
  ]);
});

test('errors are told up to the thousandth', () => {
  expect(problemsFrom({ 'x.mln': '#include y\n'.repeat(3), y: '}'.repeat(2000) })).toHaveLength(1000);
});

test('a pipe or a device is not included: reading it may never end', () => {
  expect(problemsOf(folderOf({ 'x.mln': '#include /dev/null\n' }))).toMatchObject([
    { code: 'MLN_NO_FILE', message: expect.stringContaining('is a pipe or a device') as unknown, place: { line: 1 } },
  ]);
});
