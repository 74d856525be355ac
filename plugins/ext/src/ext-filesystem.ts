import type { Filesystem, Shell, Talk } from '@mln/core';
import { apply } from './apply.js';
import { check } from './check.js';
import { readDirectory, readFile, readLink, type Listing } from './read.js';
import { createReader } from './reader.js';
import { createTrial } from './trial.js';

/** The filesystem of an ext2, ext3 or ext4 image or device, by e2fsprogs: as the calling user, without mounting. */
export function extFilesystem(image: string, shell: Shell, talk: Talk): Filesystem {
  const reader = createReader(image, shell, talk);
  const listings = new Map<string, Promise<Listing>>();
  const files = new Map<string, Promise<Buffer>>();
  const links = new Map<string, Promise<string>>();

  const list = (path: string): Promise<Listing> => remember(listings, path, () => readDirectory(reader, image, path));
  return {
    list,
    read: (path) => remember(files, path, () => readFile(reader, image, path)),
    readLink: (path) => remember(links, path, () => readLink(reader, image, path)),
    async apply(edits) {
      if (edits.length === 0) return;
      listings.clear();
      files.clear();
      links.clear();
      reader.close();
      await apply(shell, image, edits, reader);
    },
    trial: () => createTrial(image, shell, talk),
    async check() {
      await check(image, shell);
    },
    async grow() {
      reader.close();
      // One that an mln began and that outlives it is waited for: two at once destroy a filesystem.
      await shell('flock', [image, 'true']);
      await shell('e2fsck', ['-fp', image], { accept: [0, 1] });
      await shell('flock', [image, 'resize2fs', image]);
      listings.clear();
    },
    async minimumSize() {
      const { stdout } = await shell('resize2fs', ['-P', image]);
      const { stdout: header } = await shell('dumpe2fs', ['-h', image]);
      const blocks = Number(/minimum size of the filesystem: (\d+)/.exec(stdout)?.[1]);
      const blockSize = Number(/^Block size:\s+(\d+)$/m.exec(header)?.[1]);
      return blocks * blockSize;
    },
  };
}

function remember<T>(known: Map<string, Promise<T>>, path: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(path) ?? read();
  known.set(path, found);
  return found;
}
