import { closeSync, openSync, readSync } from 'node:fs';

/** Tells an ext filesystem by its superblock's magic number, 0xEF53 at byte 1080; see ext4(5) and the kernel's ext4 documentation. */
export function isExt(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const magic = Buffer.alloc(2);
    return readSync(file, magic, 0, 2, 1080) === 2 && magic.readUInt16LE(0) === 0xef53;
  } finally {
    closeSync(file);
  }
}
