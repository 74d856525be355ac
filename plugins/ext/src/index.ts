import { closeSync, openSync, readSync } from 'node:fs';
import type { Mln } from '@mln/core';

/** Claims images and devices that hold an ext2, ext3 or ext4 filesystem. */
export default function ext(mln: Mln): void {
  mln.hooks.filesystem.tapPromise('ext', async (path) => {
    if (!isExt(path)) return undefined;
    const { extFilesystem } = await import('./ext-filesystem.js');
    return extFilesystem(path, mln.shell, mln.talk);
  });
}

/** The superblock's magic number, 0xEF53 at byte 1080; see ext4(5) and the kernel's ext4 documentation. */
function isExt(path: string): boolean {
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
