import { closeSync, openSync, readSync } from 'node:fs';

/*
 * The superblock begins at byte 1024. In it, at byte 4: the number of blocks (its upper half at 336, where the bit 0x80
 * of the features at 96 is set); 24: the block size, as 1024 shifted by so much; 56: the magic number 0xEF53. Numbers
 * are little-endian. See ext4(5) and the kernel's ext4 documentation.
 */
const SUPERBLOCK = 1024;
const MAGIC = 0xef53;
const WIDE = 0x80;

/** Sizes of an ext filesystem, in bytes. */
interface Sizes {
  readonly block: number;
  readonly filesystem: number;
}

/** Reads the sizes of the ext filesystem in an image or device; null where there is none. */
export function sizesOf(path: string): Sizes | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(512);
    if (readSync(file, bytes, 0, bytes.length, SUPERBLOCK) < bytes.length || bytes.readUInt16LE(56) !== MAGIC)
      return null;
    const upper = (bytes.readUInt32LE(96) & WIDE) === 0 ? 0 : bytes.readUInt32LE(336);
    const block = 1024 << bytes.readUInt32LE(24);
    return { block, filesystem: (upper * 2 ** 32 + bytes.readUInt32LE(4)) * block };
  } finally {
    closeSync(file);
  }
}
