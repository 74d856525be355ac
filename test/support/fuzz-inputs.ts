import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeywordTable } from '@mln/core';
import fc from 'fast-check';

/** What is read as a project. */
export interface Input {
  /** The name of its file, which says its format. */
  readonly file: string;
  readonly content: string | Uint8Array;
}

/** The kinds of inputs, in the order in which they are tried. */
export const kinds = ['bytes', 'soup', 'damaged'] as const;
export type Kind = (typeof kinds)[number];

/** Files that inputs may include: rows of a list, blocks, a file that includes itself. */
export const included: Readonly<Record<string, string>> = {
  'servers.txt': 'one 2\ntwo\n',
  'rows.txt': 'jack plain:x\n$a $b\n',
  'blocks.mln': '\ufeffhost inc { superclass s\n  network eth0 { switch A }\n}\nswitch A { }',
  'self.txt': '#include self.txt\n',
  'twice.txt': '#include rows.txt\n#include rows.txt\n',
  'open.txt': 'host a {',
};

const names = [
  ...['a', 'b', 'A', 's', 'eth0', 'eth1', 'default', 'start', 'state.json', 'x.y', 'a-very-long-name-of-a-host'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineSetter__'],
  ...[
    '..',
    '.',
    'a/b',
    '/a',
    '../a',
    '../../etc/passwd',
    '-x',
    '""',
    '"a b"',
    "'a;b'",
    '$a',
    '$[a]b',
    'é',
    '$hostname',
  ],
];
const values = [
  ...['yes', 'no', '1', '0', '-1', '7', '300', '99999999999999999999', '64M', '5GB', '1.5G', 'dhcp', 'auto', 'enum'],
  ...['10.0.0.1', '10.0.0.1/24', '10.0.0.0/30', '10.0.0.255/24', '010.0.0.1', '2001:db8::1/64', '::', '255.255.255.0'],
  ...[
    'fe:fd:00:00:00:01',
    '$6$salt$hash',
    '*',
    'plain:x',
    'crypt:x',
    'screen',
    'none',
    'reset',
    'all',
    '/data',
    'ext4',
  ],
  ...[
    '$b',
    '$[c]',
    '$project',
    '\\$a',
    '${a}',
    '$(a)',
    '$',
    '$[',
    '=',
    '"$a $b"',
    "'$a'",
    "it's",
    '\\',
    '\\\n',
    '\u00a0',
  ],
];
const signs = [
  ...[' {', '{', '{ ', ' {\n', '}', ' }', '}\n', '{}', '{,', '{ }', ';', '\n', '\n\n', '\r\n', '\r', ' ', '\t', '\f'],
  ...[
    '"',
    "'",
    '\\',
    '\\\n',
    '\\\r\n',
    '#',
    ' # c\n',
    '\u00a0',
    '\ufeff',
    '\u2028',
    '\ud800',
    '😀',
    '\0',
    '\x1b',
    '$',
    '=',
  ],
  ...[
    '<<E',
    "<<-'E'",
    '2<<E|',
    '<<<',
    '\nE\n',
    '\n  E\n',
    '$a = 1\n',
    '$a = $b$b\n',
    '$b = $a$a\n',
    '$b=',
    '\n$c = x ',
  ],
  ...Object.keys(included).map((name) => `\n#include ${name}\n`),
  ...['#include <stdio.h>\n', '#include nothing.txt\n', '#include .\n', '#include "a b"', '#include /dev/null\n'],
];
const starts = ['', 'global { project p }\n', 'global { project p; $a = 1; $b = 64M; $c = s }\nsuperclass s { }\n'];

/** Makes all inputs; real projects are given in each format. */
export function fuzzInputs(keywords: KeywordTable, projects: readonly Input[]): Record<Kind, fc.Arbitrary<Input>> {
  const word = fc.oneof(fc.constantFrom(...names), fc.constantFrom(...values));
  const keyword = fc.constantFrom(...keywords.places().flatMap((place) => keywords.of(place).map(({ name }) => name)));
  const sign = fc.constantFrom(...signs);
  const start = fc.constantFrom(...starts);

  const soup = fc.array(fc.oneof(word, keyword, sign, sign), { maxLength: 80 }).map((all) => all.join(' '));
  const mash = fc.array(fc.oneof(word, keyword, sign, sign), { maxLength: 80 }).map((all) => all.join(''));
  const ordered = fc.array(blocks(keywords, word), { maxLength: 6 }).map((all) => all.join('\n'));
  const text = fc.tuple(start, fc.oneof(soup, mash, ordered, ordered)).map((parts) => parts.join(''));

  const bytes = fc.uint8Array({ maxLength: 400 });
  const letters = fc.string({ unit: 'binary', maxLength: 200 });
  const extension = fc.constantFrom('mln', 'mln', 'mln', 'json', 'yaml', 'xml');
  const raw = fc.oneof(
    bytes,
    fc.tuple(start, letters).map(([first, rest]) => Buffer.from(first + rest)),
    fc.tuple(start, bytes).map(([first, rest]) => Buffer.concat([Buffer.from(first), rest])),
    fc.array(fc.integer({ min: 9, max: 126 }), { maxLength: 300 }).map((codes) => Uint8Array.from(codes)),
  );

  const edit = fc.record({
    where: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
    put: fc.oneof(sign, word, keyword, fc.nat(60)),
  });
  return {
    bytes: fc.tuple(raw, extension).map(([content, kind]) => ({ file: `x.${kind}`, content })),
    soup: text.map((content) => ({ file: 'x.mln', content })),
    damaged: fc
      .tuple(fc.constantFrom(...projects), fc.array(edit, { minLength: 1, maxLength: 4 }))
      .map(([{ file, content }, edits]) => ({ file, content: edits.reduce(damage, String(content)) })),
  };
}

interface Edit {
  readonly where: number;
  readonly cut: number;
  /** A number puts in again so many of the characters before. */
  readonly put: string | number;
}

function damage(text: string, { where, cut, put }: Edit): string {
  const at = Math.floor(where * text.length);
  const piece = typeof put === 'string' ? put : text.slice(Math.max(0, at - put), at);
  return text.slice(0, at) + piece + text.slice(at + cut);
}

/** Blocks as people write them, each keyword where it belongs, with any words behind it. */
function blocks(keywords: KeywordTable, word: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const words = fc.array(word, { maxLength: 3 }).map((all) => all.join(' '));
  const rows = fc.array(words, { maxLength: 3 }).map((all) => all.join('; '));
  const statements = (place: string, depth: number): fc.Arbitrary<string> => {
    const known = keywords.of(place === 'superclass' ? 'host' : place);
    const lines = known.map(({ name, kind }): fc.Arbitrary<string> => {
      if (kind === 'list' || kind === 'text') return rows.map((inner) => `${name} { ${inner} }`);
      if (kind !== 'block') return words.map((rest) => `${name} ${rest}`);
      return depth === 0 ? fc.constant(`${name} { }`) : block(name, depth - 1);
    });
    const assignment = fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), words);
    const set = assignment.map(([name, rest]) => `$${name} = ${rest}`);
    const own = lines.length === 0 ? set : fc.oneof({ arbitrary: fc.oneof(...lines), weight: 8 }, set);
    return fc.array(own, { maxLength: 6 }).map((all) => all.map((line) => `  ${line}\n`).join(''));
  };
  const block = (name: string, depth: number): fc.Arbitrary<string> =>
    fc.tuple(word, statements(name, depth)).map(([head, inner]) => `${name} ${head} {\n${inner}}`);
  return fc.oneof(...['host', 'host', 'switch', 'superclass', 'global'].map((name) => block(name, 1)));
}

/** The projects of examples/, and all that the core's own cases read. */
export function realProjects(root: string): readonly Input[] {
  const examples = join(root, 'examples');
  const cases = join(root, 'core/test/cases');
  return [
    ...readdirSync(examples)
      .filter((name) => name.endsWith('.mln'))
      .map((name) => readFileSync(join(examples, name), 'utf8')),
    ...readdirSync(cases).map((name) => {
      const [text = ''] = readFileSync(join(cases, name), 'utf8').split(/^(?:-----|=====)/m);
      return text.replace(/^.*\n/, '');
    }),
  ].map((content) => ({ file: 'x.mln', content }));
}
