import { doctorHook, type Mln } from '@mln/core';
import { sizesOf } from './superblock.js';

/** Claims images and devices that hold an ext2, ext3 or ext4 filesystem. What a killed mln has left of its work goes with `mln clean`. */
export default function ext(mln: Mln): void {
  mln.hooks.filesystem.tapPromise('ext', async (path) => {
    const sizes = sizesOf(path);
    if (!sizes) return undefined;
    const { extFilesystem } = await import('./ext-filesystem.js');
    return { ...extFilesystem(path, mln.shell, mln.talk), blockSize: sizes.block, reach: sizes.filesystem };
  });
  mln.hooks.event.tap('ext', ({ operation, state }) => {
    if (operation.name === 'clean' && state === 'begun')
      void import('./private-folder.js')
        .then(({ removeAllLeftovers }) => {
          removeAllLeftovers();
        })
        // Nothing that is asked for needs the folder for temporary files.
        .catch(() => undefined);
  });
  doctorHook(mln).tapPromise('ext', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln);
  });
}
