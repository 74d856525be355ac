import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { secretSpans } from '../src/secret-spans.js';
import { createSourceLines } from '../src/source-lines.js';
import { fakeMln } from './fake-hypervisor.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mln-lines-')));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** All lines of a file as they are shown. */
async function shown(text: string, name = 'x.mln'): Promise<string> {
  const file = write(name, text);
  const lineOf = createSourceLines(await fakeMln(folder));
  return text
    .split('\n')
    .map((_, index) => lineOf({ file, line: index + 1, column: 1 })?.text ?? '–')
    .join('\n');
}

test.each([
  ['nothing', 'host a { memory 64M } # all of it', 'host a { memory 64M } # all of it'],
  ['a value', 'host a { root_password hello; xen }', 'host a { root_password (secret); xen }'],
  ['a value with blanks', 'root_password "hel lo" more # and more', 'root_password (secret)'],
  ['a quote that is not closed', 'root_password "hello; x\nmemory 1', 'root_password (secret)\nmemory 1'],
  ['rows', 'users { joe hello3 /home/joe; joe hello4 } x y', 'users { joe (secret); joe (secret) } x y'],
  ['rows on lines', 'users {\n  joe hello\n}\nmemory 1', 'users {\n  joe (secret)\n}\nmemory 1'],
  ['rows in broken blocks', '}} users\n{\n  joe hello', '}} users\n{\n  joe (secret)'],
  ['rows of the saved form', 'users { joe { hello /home } }', 'users { joe { (secret) } }'],
  ['a block in place of a value', 'root_passwd { hello; more }', 'root_passwd { (secret); (secret) }'],
  ['a value in place of a block', 'users joe hello', 'users joe (secret)'],
  ['a misspelt keyword', 'rot_password hello', 'rot_password (secret)'],
  ['joined lines', 'root_password \\\n  hello', 'root_password \\\n  (secret)'],
  ['braces inside a word', 'root_password a{b;c}d e; memory 1', 'root_password (secret); memory 1'],
  ['an escaped brace', 'root_password a\\{b c; memory 1', 'root_password (secret); memory 1'],
  ['a variable', '$p = hello; root_password $p', '$p = (secret); root_password (secret)'],
  ['a variable without blanks', '$p=hel"l o"; root_password x$[p]', '$p=(secret); root_password (secret)'],
  [
    'a variable of a variable',
    '$p = $q-\n$q = 1\n$r = 1\nusers { a $p }',
    '$p = (secret)\n$q = (secret)\n$r = 1\nusers { a (secret) }',
  ],
])('%s', async (_, text, expected) => {
  expect(await shown(text)).toBe(expected);
});

test('the caret stays below its word', async () => {
  const file = write('x.mln', 'host a { root_password hello hello hello; memory x }');
  const lineOf = createSourceLines(await fakeMln(folder));
  const under = (column: number): string => {
    const { text = '', column: at = 0 } = lineOf({ file, line: 1, column }) ?? {};
    return text.slice(at - 1, at + 5);
  };
  expect([1, 10, 24, 27, 43].map(under)).toEqual(['host a', 'root_p', '(secre', '(secre', 'memory']);
});

test('included rows and variables are secret where the file around them says so', async () => {
  const users = write('users.txt', 'joe hello');
  write('super.mln', 'superclass s { root_password $p }');
  const main = write('main.mln', '$p = hello\n#include "super.mln"\nhost a { users {\n#include users.txt\n} }');
  const lineOf = createSourceLines(await fakeMln(folder));
  const includedFrom = { file: main, line: 4, column: 1 };
  expect(lineOf({ file: users, line: 1, column: 1, includedFrom })?.text).toBe('joe (secret)');
  expect(lineOf({ file: main, line: 1, column: 1 })?.text).toBe('$p = (secret)');
});

test('of a file in another language that may hold secrets no line is shown', async () => {
  const mln = await fakeMln(folder);
  mln.hooks.parse.tap('other', (text, file) =>
    file.endsWith('.other') ? { file, items: [], text: `# ${text}` } : undefined,
  );
  const lineOf = createSourceLines(mln);
  const line = (name: string, text: string): unknown => lineOf({ file: write(name, text), line: 1, column: 1 });
  expect(line('a.other', '<root_password>hello</root_password>')).toBeNull();
  expect(line('b.other', '<memory>1</memory>')).toEqual({ text: '<memory>1</memory>', column: 1 });
  expect(lineOf({ file: join(folder, 'nowhere'), line: 1, column: 1 })).toBeNull();
});

test.each([
  ['braces', '{'.repeat(1e6)],
  ['closing braces', '}'.repeat(1e6)],
  ['braces inside words', 'a{b'.repeat(3e5)],
  ['quotes', '"\''.repeat(5e5)],
  ['one word', 'a"b"'.repeat(5e5)],
  ['backslashes', '\\'.repeat(1e6)],
  ['hashes', '#'.repeat(1e6)],
  ['keywords', 'users { root_password $a }\n'.repeat(5e4)],
])('a million %s hold no include', (_, text) => {
  expect(secretSpans(text, Infinity, () => 0, new Set()).includes).toEqual([]);
});
