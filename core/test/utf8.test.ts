import { expect, test } from '@jest/globals';
import { decodeUtf8 } from '../src/utf8.js';

test.each([
  ['nothing', [], ''],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['a sign of two bytes', [0xc3, 0xa9, 0x0a], 'é\n'],
  ['a sign that is cut', [0x61, 0x0a, 0xc3, 0xa9, 0xc3], { line: 2, column: 2 }],
  ['latin 1', [0x61, 0x0a, 0x0a, 0x62, 0xe9, 0x0a, 0xe9], { line: 3, column: 2 }],
  ['a sign that a line end cuts', [0xc3, 0x0a, 0xa9], { line: 1, column: 1 }],
])('%s', (_, bytes, expected) => {
  expect(decodeUtf8(Buffer.from(bytes))).toEqual(expected);
});
