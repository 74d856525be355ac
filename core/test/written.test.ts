import { expect, test } from '@jest/globals';
import { parseSize } from '../src/values.js';
import { writeSize, writeValue, writeWords } from '../src/written.js';
import { fc } from '../../test/support/fast-check.js';

const sizes: readonly [bytes: number, written: string][] = [
  [1, '1'],
  [1000, '1KB'],
  [1023, '1023'],
  [1024, '1K'],
  [1_000_000, '1MB'],
  [1_024_000, '1000K'],
  [64 * 1024 ** 2, '64M'],
  [1000 * 1024 ** 2, '1000M'],
  [1.5 * 1024 ** 3, '1536M'],
  [5e9, '5GB'],
  [2 * 1024 ** 4, '2T'],
];

test.each(sizes)('%d bytes are %s', (bytes, written) => {
  expect(writeSize(bytes)).toBe(written);
});

test('a written size reads as the same bytes', () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger().filter((bytes) => bytes > 0),
      (bytes) => {
        expect(parseSize(writeSize(bytes))).toBe(bytes);
      },
    ),
  );
});

test('values and words are written as the language has them', () => {
  expect(writeValue(true, undefined)).toBe('yes');
  expect(writeValue(false, undefined)).toBe('no');
  expect(writeValue(1024, undefined)).toBe('1024');
  expect(writeValue(1024, { name: 'swap', in: ['host'], kind: 'size', help: '' })).toBe('1K');
  expect(writeValue('a b', undefined)).toBe('a b');
  expect(writeWords(['a', 'b c', '', '$x'])).toBe('a "b c" "" "\\$x"');
});
