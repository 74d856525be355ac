import { expect, test } from '@jest/globals';
import { dedent, readText, readWord } from '../src/word.js';

const values: Record<string, string> = { a: 'one', ab: 'two', _x1: 'three', empty: '', tricky: '$a "b" \\' };
const lookup = (name: string): string | undefined => values[name];

test.each([
  ['plain', 'plain'],
  ['', ''],
  // Quotes
  ['"a b"', 'a b'],
  ["'a b'", 'a b'],
  ['""', ''],
  ['"', '"'],
  ["Bob's", "Bob's"],
  ['x"a b"y', 'x"a b"y'],
  ['"a""b"', '"a""b"'],
  [`'say "hi"'`, 'say "hi"'],
  // Escapes
  [String.raw`a\ b`, 'a b'],
  [String.raw`\\`, '\\'],
  [String.raw`"\" \\ \{"`, '" \\ {'],
  [String.raw`'\" \\'`, String.raw`\" \\`],
  [String.raw`x'\n'y\n`, String.raw`x'\n'yn`],
  ['a\\\nb', 'ab'],
  ['a\\\r\nb', 'ab'],
  ['a\\', 'a\\'],
  // Variables
  ['$a', 'one'],
  ['x$a.y', 'xone.y'],
  ['$ab$a', 'twoone'],
  ['$[a]b', 'oneb'],
  ['$_x1', 'three'],
  ['[$empty]', '[]'],
  ['"$a b"', 'one b'],
  ["'$a b'", 'one b'],
  ["x'$a'", "x'one'"],
  ['$tricky', '$a "b" \\'],
  [String.raw`\$a`, '$a'],
  [String.raw`"\$a"`, '$a'],
  ['$1 $ ${a} $(a) $[a $[1]', '$1 $ ${a} $(a) $[a $[1]'],
  // crypt(3) hashes
  ['$1$a$b', '$1$a$b'],
  ['$2b$10$a/.', '$2b$10$a/.'],
  ['$5$a$b', '$5$a$b'],
  ['$6$rounds=5000$a$b', '$6$rounds=5000$a$b'],
  ['$y$j9T$a$b', '$y$j9T$a$b'],
  ['$gy$j9T$a$b', '$gy$j9T$a$b'],
  ['$7$a$b', '$7$a$b'],
  ['"$6$a$b"', '$6$a$b'],
  ['$3$a', '$3one'],
  ['x$6$a', 'x$6one'],
])('%j means %j', (raw, value) => {
  expect(readWord(raw, lookup)).toBe(value);
});

test('a variable that is not set is told of and stays as it is written', () => {
  const missing: string[] = [];
  expect(readWord('"$none $[other]$a"', lookup, (name) => missing.push(name))).toBe('$none $[other]one');
  expect(missing).toEqual(['none', 'other']);
});

test.each([
  ['echo "$a" \'$a\' $[a]b $abc', 'echo "one" \'one\' oneb $abc'],
  [String.raw`\$a ${'${a}'} $(a) $1 \\$a`, String.raw`\$a ${'${a}'} $(a) $1 \\$a`],
  ['$none $[none]', '$none $[none]'],
  ['$tricky', '$a "b" \\'],
])('the text %j becomes %j', (raw, value) => {
  expect(readText(raw, lookup)).toBe(value);
});

test.each([
  ['one', 'one'],
  ['  one ', 'one'],
  ['', ''],
  ['\n\n', ''],
  ['\n  a\n    b\n\n  c\n', 'a\n  b\n\nc'],
  ['\n\ta\n\t\tb\n', 'a\n\tb'],
  ['\n\ta\n  b\n', '\ta\n  b'],
  ['\n   \n  a  \n   \n', 'a  '],
  ['\n  a\n  b ', 'a\nb'],
  ['a\n  b\n', 'a\n  b'],
  ['\r\n  a\r\n  b\r\n', 'a\nb'],
])('the indentation of %j goes: %j', (raw, text) => {
  expect(dedent(raw)).toBe(text);
});
