import { open } from 'node:fs/promises';
import type { Mln } from '@mln/core';

/** Claims images and devices that hold an ext2, ext3 or ext4 filesystem. */
export default function ext(mln: Mln): void {
  mln.hooks.filesystem.tapPromise('ext', async (path) => {
    if (!(await isExt(path))) return undefined;
    const { extFilesystem } = await import('./ext-filesystem.js');
    return extFilesystem(path, mln.shell);
  });
}

/** The superblock's magic number, 0xEF53 at byte 1080; see ext4(5) and the kernel's ext4 documentation. */
async function isExt(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 1080);
    return bytesRead === 2 && buffer.readUInt16LE(0) === 0xef53;
  } finally {
    await file.close();
  }
}
