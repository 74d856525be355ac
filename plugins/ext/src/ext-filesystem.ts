import type { Filesystem, Shell, Talk } from '@mln/core';
import { apply } from './apply.js';
import { check } from './check.js';
import { readDirectory, readFile, readLink, type Listing } from './read.js';
import { createReader } from './reader.js';
import { replay } from './replay.js';
import { grow, minimumSize, shrink } from './resize.js';
import { createTrial } from './trial.js';

/** The filesystem of an ext2, ext3 or ext4 image or device, by e2fsprogs: as the calling user, without mounting. */
export function extFilesystem(image: string, shell: Shell, talk: Talk): Filesystem {
  const reader = createReader(image, shell, talk);
  const listings = new Map<string, Promise<Listing>>();
  const files = new Map<string, Promise<Buffer>>();
  const links = new Map<string, Promise<string>>();

  const list = (path: string): Promise<Listing> => remember(listings, path, () => readDirectory(reader, image, path));
  const forget = (): void => {
    for (const known of [listings, files, links]) known.clear();
    reader.close();
  };
  return {
    list,
    read: (path) => remember(files, path, () => readFile(reader, image, path)),
    readLink: (path) => remember(links, path, () => readLink(reader, image, path)),
    async apply(edits) {
      if (edits.length === 0) return;
      forget();
      await apply(shell, image, edits, reader);
    },
    trial: () => createTrial(image, shell, talk),
    async check() {
      await check(image, shell);
    },
    async grow() {
      forget();
      await grow(image, shell);
    },
    async shrink(size) {
      forget();
      await shrink(image, size, shell);
    },
    async replay() {
      forget();
      return replay(image, shell);
    },
    minimumSize: () => minimumSize(image, shell),
  };
}

function remember<T>(known: Map<string, Promise<T>>, path: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(path) ?? read();
  known.set(path, found);
  return found;
}
