import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import { sameMeaning } from '../src/fmt-meaning.js';
import { format } from '../src/fmt.js';
import { fakeMln } from './fake-hypervisor.js';
import { fc } from '../../test/support/fast-check.js';

/*
 * A case is a file: a project, a line of dashes, how it is laid out. UPDATE_GOLDEN=1 writes what is expected anew; read
 * what `git diff` shows then.
 */
const cases = join(import.meta.dirname, 'fmt-cases');
const { keywords } = await fakeMln('/scratch');

test.each(readdirSync(cases))('%s', (name) => {
  const [input = '', expected] = readFileSync(join(cases, name), 'utf8').split(/^-----\n/m);
  const formatted = format(input.replaceAll('␍', '\r').replaceAll('⟣', '\ufeff'), 'x.mln', keywords);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(join(cases, name), `${input}-----\n${formatted}`);
  else expect(formatted).toBe(expected);
});

const root = join(import.meta.dirname, '../..');
const projects = [
  ...readdirSync(join(root, 'examples'))
    .filter((name) => name.endsWith('.mln'))
    .map((name) => join(root, 'examples', name)),
  ...readdirSync(join(root, 'test/golden')).map((name) => join(root, 'test/golden', name, 'project.mln')),
  ...readdirSync(cases).map((name) => join(cases, name)),
]
  .map((file) => readFileSync(file, 'utf8').replace(/^-----\n[^]*/m, ''))
  .filter((text) => text !== '');

/** Lays a text out twice: the second time changes nothing, and the meaning stays. What is refused is refused with errors. */
function check(text: string): void {
  let once: string;
  try {
    once = format(text, 'x.mln', keywords);
  } catch (error) {
    if (!isMlnError(error) || error.message.includes('meaning would change')) throw error;
    return;
  }
  expect(sameMeaning(text, once, 'x.mln', keywords)).toBe(true);
  expect(format(once, 'x.mln', keywords)).toBe(once);
}

test.each(projects)('a real project keeps its meaning, and stays as it is the second time', (text) => {
  check(text);
  expect(format(text, 'x.mln', keywords)).not.toBe('');
});

const pieces = [
  ' {',
  '{',
  '}',
  ' }',
  '\n',
  '\n\n',
  ';',
  '# c',
  ' # c\n',
  '#',
  '"',
  "'",
  '\\',
  '\\\n',
  ' ',
  '\t',
  '$x = 1',
  '<<E\n',
  '\nE\n',
  '{ a; b }',
  'startup { x\n }',
  'users { a b }',
  '#include x\n',
  '\r\n',
  '\u00a0',
];

test('projects that somebody has damaged keep their meaning, or are refused', () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(...projects),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(6), fc.constantFrom(...pieces)), {
        maxLength: 6,
      }),
    )
    .map(([text, edits]) =>
      edits.reduce((before, [where, cut, piece]) => {
        const at = Math.floor(where * before.length);
        return before.slice(0, at) + piece + before.slice(at + cut);
      }, text),
    );
  fc.assert(fc.property(damaged, check), { numRuns: 1500 });
});

test('any sequence of words, braces and comments keeps its meaning, or is refused', () => {
  const soup = fc.array(fc.constantFrom(...pieces, 'host a', 'global', 'network eth0', 'memory 5', 'x', 'xen'), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(
      soup.map((each) => each.join('')),
      check,
    ),
    { numRuns: 1500 },
  );
});
