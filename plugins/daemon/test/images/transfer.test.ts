import { copyFileSync, existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { imageOf, makeDisk, MiB, overwrite, same, textOf, transfer } from './pair.js';

const stretches = [
  [0, 3 * MiB],
  [9 * MiB + 5000, 70_000],
  [20 * MiB, 6 * MiB],
] as const;
const size = 40 * MiB + 1024;
const data = 9 * MiB + 2 * 65_536;

test('an image is the same at the other end, with its record, and holes stay holes', async () => {
  const disk = makeDisk(size, stretches);
  const { received, sent, bytes } = await transfer(imageOf(disk, size, 'record'), join(scratchFolder(), 'in'));
  expect(same(disk, received.image)).toBe(true);
  expect(textOf(received.record)).toBe('record');
  expect(sent).toEqual({ sent: received.sent, reused: 0 });
  expect(bytes).toBeLessThan(data + 64 * 1024);
  expect(statSync(received.image).blocks * 512).toBeLessThan(10 * MiB);
});

test('nothing, one byte, and a chunk that is not whole', async () => {
  for (const length of [0, 1, 65_537]) {
    const disk = join(scratchFolder(), 'disk');
    writeFileSync(disk, randomBytes(length));
    const { received } = await transfer(imageOf(disk, length), join(scratchFolder(), 'in'));
    expect([same(disk, received.image), received.record]).toEqual([true, null]);
  }
});

test('what a template has at the same place does not travel', async () => {
  const template = makeDisk(32 * MiB, stretches);
  const disk = join(scratchFolder(), 'disk');
  copyFileSync(template, disk);
  truncateSync(disk, size);
  overwrite(disk, 21 * MiB, randomBytes(5000));
  const { received, bytes } = await transfer(imageOf(disk, size), join(scratchFolder(), 'in'), [template]);
  expect(same(disk, received.image)).toBe(true);
  expect(received.sent).toBe(65_536);
  expect(bytes).toBeLessThan(100_000);
});

test('a copy that was sent before takes what has changed, and is cleared where there are zeros now', async () => {
  const disk = makeDisk(size, stretches);
  const folder = join(scratchFolder(), 'in');
  await transfer(imageOf(disk, size, 'one'), folder);
  overwrite(disk, 2 * MiB, randomBytes(300_000));
  overwrite(disk, 22 * MiB, Buffer.alloc(MiB));
  const { received } = await transfer(imageOf(disk, size, 'other'), folder);
  expect(same(disk, received.image)).toBe(true);
  expect(received.sent).toBeLessThan(8 * 65_536);
  expect(textOf(received.record)).toBe('other');
  truncateSync(disk, 10 * MiB);
  const smaller = await transfer(imageOf(disk, 10 * MiB), folder);
  expect([same(disk, smaller.received.image), smaller.received.record]).toEqual([true, null]);
});

test('a cut is gone on with where it was', async () => {
  const disk = makeDisk(size, stretches);
  const folder = join(scratchFolder(), 'in');
  const cut = transfer(imageOf(disk, size), folder, [], (near, far) => {
    let seen = 0;
    const push = far.push.bind(far);
    far.push = (chunk: Buffer | null) => {
      seen += chunk?.length ?? 0;
      if (seen > 5 * MiB) near.destroy();
      return push(chunk);
    };
  });
  await expect(cut).rejects.toMatchObject({ code: 'MLN_NO_SERVER', message: expect.stringContaining('cut off') });
  expect(existsSync(join(folder, 'disk'))).toBe(true);
  const { received } = await transfer(imageOf(disk, size), folder);
  expect(same(disk, received.image)).toBe(true);
  expect(received.reused).toBeGreaterThan(3 * MiB);
  expect(received.reused + received.sent).toBe(data);
  expect(readdirSync(folder)).toEqual(['disk']);
});
