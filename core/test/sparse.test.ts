import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { copySmallImage } from '../src/sparse.js';
import { scratchFolder } from './scratch.js';

const block = 4096;

const cases: [name: string, image: Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['zeros alone', Buffer.alloc(64 * block)],
  ['data at both ends', Buffer.concat([Buffer.from('begin'), Buffer.alloc(64 * block), Buffer.from('end')])],
  [
    'a hole between two blocks',
    Buffer.concat([Buffer.alloc(block, 1), Buffer.alloc(64 * block), Buffer.alloc(block, 2)]),
  ],
  ['data that is no whole block', Buffer.alloc(block + 17, 3)],
];

test.each(cases)('a copy of %s is the same', (_, image) => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'image'), image);
  for (const copy of ['one', 'two']) {
    copySmallImage(join(folder, 'image'), join(folder, copy));
    expect(readFileSync(join(folder, copy)).equals(image)).toBe(true);
  }
});

test('zeros become holes', () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'image'), Buffer.concat([Buffer.alloc(block, 1), Buffer.alloc(255 * block)]));
  copySmallImage(join(folder, 'image'), join(folder, 'copy'));
  // st_blocks counts 512 bytes each, stat(2).
  expect(statSync(join(folder, 'copy')).blocks * 512).toBeLessThan(8 * block);
});

test('an image that has changed is read again', () => {
  const folder = scratchFolder();
  const image = join(folder, 'image');
  writeFileSync(image, 'old');
  copySmallImage(image, join(folder, 'one'));
  writeFileSync(image, 'newer');
  copySmallImage(image, join(folder, 'two'));
  expect(readFileSync(join(folder, 'two'), 'utf8')).toBe('newer');
});

test('a copy never takes the place of a file', () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'image'), 'x');
  writeFileSync(join(folder, 'copy'), 'mine');
  expect(() => {
    copySmallImage(join(folder, 'image'), join(folder, 'copy'));
  }).toThrow(/EEXIST/);
  expect(readFileSync(join(folder, 'copy'), 'utf8')).toBe('mine');
});
