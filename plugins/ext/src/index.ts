import type { Mln } from '@mln/core';
import { isExt } from './superblock.js';

/** Claims images and devices that hold an ext2, ext3 or ext4 filesystem. */
export default function ext(mln: Mln): void {
  mln.hooks.filesystem.tapPromise('ext', async (path) => {
    if (!isExt(path)) return undefined;
    const { extFilesystem } = await import('./ext-filesystem.js');
    return extFilesystem(path, mln.shell, mln.talk);
  });
}
