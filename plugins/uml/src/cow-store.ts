import { chmodSync, closeSync, fdatasyncSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import {
  failure,
  fileStore,
  systemFailure,
  type Disk,
  type Host,
  type Project,
  type Shell,
  type Store,
} from '@mln/core';
import { ownStretches, patchCow, readCowHeader, renameImage, writeCow, type CowHeader } from './cow-file.js';

/**
 * The kernel reads what lies behind it from the wrong place where one segment of a request, a page, is partly the disk's
 * and partly the image's: do_io of arch/um/drivers/ubd_kern.c goes on by the last part's length. With blocks of a page
 * there is no such segment.
 */
const PAGE = 4096;

/** Disks that hold only what differs from the image that they stand on. User-Mode Linux alone reads them. */
export function cowStore(disk: Disk, host: Host, project: Project, shell: Shell): Store {
  const store = fileStore(disk, host, project, shell);
  return {
    ...store,
    leastBlock: PAGE,
    createOver(image, changes) {
      try {
        // An image of the project's own is found from the folder of the host, wherever the project is moved to.
        const named = isAbsolute(image) ? image : join('..', image);
        writeCow(store.path, { path: resolve(project.directory, image), named }, changes);
        return Promise.resolve();
      } catch (error) {
        throw systemFailure(error, `${store.path} cannot be made`);
      }
    },
    async take(from) {
      await store.take?.(from);
      try {
        const header = readCowHeader(store.path);
        if (!header || isAbsolute(header.image)) return;
        // Kept aside, it lies deeper than before.
        const named = relative(dirname(store.path), join(project.directory, inProject(header.image)));
        if (named !== header.image) renameImage(store.path, named);
      } catch (error) {
        throw systemFailure(error, `${store.path} cannot be moved there`);
      }
    },
    async patch(stretches) {
      const header = readCowHeader(store.path);
      if (!header) return store.patch?.(stretches);
      const image = resolve(dirname(store.path), header.image);
      requireImage(image, header, store.path);
      try {
        patchCow(store.path, image, header, stretches);
      } catch (error) {
        throw systemFailure(error, `${store.path} cannot be written`);
      }
    },
    async flatten(to) {
      const header = readCowHeader(store.path);
      // It has been made whole already, and mln was killed before it had written that down.
      if (!header) {
        await shell('cp', ['--sparse=always', '--', store.path, to]);
        return;
      }
      const image = resolve(dirname(store.path), header.image);
      requireImage(image, header, store.path);
      await shell('cp', ['--sparse=always', '--reflink=auto', '--', image, to]);
      chmodSync(to, 0o600);
      try {
        writeOwn(store.path, header, to);
      } catch (error) {
        throw systemFailure(error, `${to} cannot be written`);
      }
    },
  };
}

/** The path of an image of the project's own, from the project's folder: whatever leads up to that goes. */
function inProject(image: string): string {
  return image.replace(/^(?:\.\.\/)+/, '');
}

/** With another image underneath, a disk would be nonsense. */
function requireImage(image: string, { mtime, size }: CowHeader, disk: string): void {
  const found = statSync(image, { throwIfNoEntry: false });
  if (!found)
    throw failure('MLN_NO_FILE', `the image ${image}, which the disk ${disk} stands on, is missing`, {
      hint: 'bring it back with its time of change as it was: cp -p',
    });
  if (found.size !== size || Math.floor(found.mtimeMs / 1000) !== mtime)
    throw failure('MLN_TEMPLATE_CHANGED', `the image ${image} has changed since the disk ${disk} was made from it`, {
      hint: `if its content is known to be the old one: touch -d @${mtime} ${image}`,
    });
}

function writeOwn(disk: string, header: CowHeader, to: string): void {
  const file = openSync(to, 'r+');
  try {
    for (const { at, bytes } of ownStretches(disk, header))
      for (let written = 0; written < bytes.length;)
        written += writeSync(file, bytes, written, bytes.length - written, at + written);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
