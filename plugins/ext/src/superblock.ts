import { closeSync, openSync, readSync } from 'node:fs';

/*
 * The superblock begins at byte 1024. In it, at byte 4: the number of blocks (its upper half at 336, where the bit 0x80
 * of the features at 96 is set); 24: the block size, as 1024 shifted by so much; 56: the magic number 0xEF53; 58: a bit 1
 * where it was unmounted, or has a journal; 232: the first file that was deleted and still open. With the bit 4 of the
 * features the journal is to be carried out. Numbers are little-endian. See ext4(5) and the kernel's ext4 documentation.
 */
const SUPERBLOCK = 1024;
const MAGIC = 0xef53;
const WIDE = 0x80;
const RECOVER = 0x4;
const UNMOUNTED = 0x1;

/** Sizes of an ext filesystem, in bytes. */
interface Sizes {
  readonly block: number;
  readonly filesystem: number;
}

/** Reads the sizes of the ext filesystem in an image or device; null where there is none. */
export function sizesOf(path: string): Sizes | null {
  const bytes = superblockOf(path);
  if (!bytes) return null;
  const upper = (bytes.readUInt32LE(96) & WIDE) === 0 ? 0 : bytes.readUInt32LE(336);
  const block = 1024 << bytes.readUInt32LE(24);
  return { block, filesystem: (upper * 2 ** 32 + bytes.readUInt32LE(4)) * block };
}

/** Tells whether somebody who had the filesystem mounted was killed. */
export function wasCutOff(path: string): boolean {
  const bytes = superblockOf(path);
  return (
    bytes !== null &&
    ((bytes.readUInt32LE(96) & RECOVER) !== 0 ||
      (bytes.readUInt16LE(58) & UNMOUNTED) === 0 ||
      bytes.readUInt32LE(232) !== 0)
  );
}

function superblockOf(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(512);
    const whole = readSync(file, bytes, 0, bytes.length, SUPERBLOCK) === bytes.length;
    return whole && bytes.readUInt16LE(56) === MAGIC ? bytes : null;
  } finally {
    closeSync(file);
  }
}
