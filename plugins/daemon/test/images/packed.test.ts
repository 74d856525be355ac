import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { imageOf, makeDisk, MiB, same, transfer } from './pair.js';

/** Text, as disks have much of. */
function fill(path: string, size: number): void {
  const file = openSync(path, 'r+');
  for (let at = 0, line = 0; at < size; line += 1) at += writeSync(file, `line ${line} of many\n`.repeat(64), at);
  closeSync(file);
}

test('over a slow connection what can be packed is', async () => {
  const size = 40 * MiB;
  const disk = makeDisk(size, [[0, 4096]]);
  fill(disk, size);
  const { received, sent, bytes } = await transfer(
    imageOf(disk, statSync(disk).size),
    join(scratchFolder(), 'in'),
    [],
    slow,
  );
  expect(same(disk, received.image)).toBe(true);
  expect(sent.sent).toBeGreaterThan(size - 1);
  expect(bytes).toBeLessThan(size / 2);
});

/** What is written takes a moment, as on a line of 50 MB/s. */
function slow(near: Socket): void {
  const write = near._write.bind(near);
  near._write = (bytes: Buffer, encoding, done): void => {
    setTimeout(() => {
      write(bytes, encoding, done);
    }, bytes.length / 50_000);
  };
}
