import { expect, test } from '@jest/globals';
import { compareNames, formatSize, MiB, nearest, parseFlag, parseSize } from '../src/values.js';

test.each([
  ['1', 1],
  ['128M', 128 * MiB],
  ['128m', 128 * MiB],
  ['64KiB', 64 * 1024],
  ['64kb', 64_000],
  ['5GB', 5e9],
  ['5G', 5 * 1024 * MiB],
  ['2TiB', 2 * MiB * MiB],
  ['2tb', 2e12],
  ['007K', 7168],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ['', 'not a size'],
  ['M', 'not a size'],
  ['-5M', 'not a size'],
  ['5 M', 'not a size'],
  ['0x10', 'not a size'],
  ['5b', 'b is not a unit'],
  ['5constructor', 'constructor is not a unit'],
  ['1.5G', 'a size takes whole numbers'],
  ['.5G', 'a size takes whole numbers'],
  ['0', 'a size cannot be zero'],
  ['0G', 'a size cannot be zero'],
  ['9007199254740993', 'too large'],
  ['9999T', 'too large'],
])('%j is no size: %s', (text, reason) => {
  expect(parseSize(text)).toEqual(expect.stringContaining(reason));
});

test('a bare number counts in the unit that is asked for', () => {
  expect(parseSize('64', MiB)).toBe(64 * MiB);
  expect(parseSize('64K', MiB)).toBe(64 * 1024);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [128 * MiB, '128 MiB'],
  [5000 * MiB * MiB, '5000 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test.each([
  ['yes on TRUE 1', true],
  ['no Off false 0', false],
  ['maybe y 2 yess', undefined],
])('the flags %s', (words, expected) => {
  for (const word of words.split(' ')) expect(parseFlag(word)).toBe(expected);
});

test.each([
  'node1 node2 node10 node10a node11',
  'a a1 a1b a1b2 b',
  '1 2 10 a',
  'a-1-2 a-1-10 a-2-1',
  'r01x r1 r2',
  'A a',
])('%s is in order', (words) => {
  const expected = words.split(' ');
  expect(expected.toSorted(compareNames)).toEqual(expected);
  expect(expected.toReversed().sort(compareNames)).toEqual(expected);
});

test.each([
  ['suberclass', 'superclass'],
  ['memroy', 'memory'],
  ['SWITCH', 'switch'],
  ['swich', 'switch'],
  ['hsot', 'host'],
  ['xyzzy', undefined],
  ['', undefined],
  ['sw', undefined],
])('%j may mean %j', (name, expected) => {
  expect(nearest(name, ['host', 'switch', 'superclass', 'memory'])).toBe(expected);
});

test('of two names that are equally near the first is meant', () => {
  expect(nearest('eth', ['eth0', 'eth1'])).toBe('eth0');
});
