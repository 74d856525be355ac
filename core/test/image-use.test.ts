import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { lockHolder, useOf } from '../src/image-use.js';
import { scratchFolder } from './scratch.js';

/** As Linux prints it; the device numbers are hexadecimal. */
const locks = `1: POSIX  ADVISORY  WRITE 1228 fe:00:393 0 EOF
2: FLOCK  ADVISORY  READ 77 fe:00:400 0 EOF
3: POSIX  ADVISORY  WRITE 99 103:1100:5 0 EOF
3: -> POSIX  ADVISORY  WRITE 98 fe:00:6 0 EOF
`;

test.each([
  ['who writes', 0xfe00, 393, 1228],
  ['who only reads', 0xfe00, 400, null],
  ['a file of that number elsewhere', 0xfd00, 393, null],
  ['large numbers of a device', 0x11 * 2 ** 20 + 0x103 * 256, 5, 99],
])('%s', (_, dev, ino, holder) => {
  expect(lockHolder(locks, { dev, ino })).toBe(holder);
});

test('a file that nobody has locked, or that is not there, is used by nobody', () => {
  const file = join(scratchFolder(), 'image');
  expect(useOf(file)).toBeNull();
  writeFileSync(file, 'x');
  expect(useOf(file)).toBeNull();
});
