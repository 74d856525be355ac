import { closeSync, openSync, readSync } from 'node:fs';

/*
 * The superblock begins at byte 1024; its magic number is 0xEF53 at byte 56, and the block size is 1024 shifted by the
 * number at byte 24. See ext4(5) and the kernel's ext4 documentation.
 */
const SUPERBLOCK = 1024;

/** The block size of an ext filesystem, in bytes; null where there is none. */
export function blockSizeOf(path: string): number | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const block = Buffer.alloc(64);
    const read = readSync(file, block, 0, block.length, SUPERBLOCK);
    return read === block.length && block.readUInt16LE(56) === 0xef53 ? 1024 << block.readUInt32LE(24) : null;
  } finally {
    closeSync(file);
  }
}
