import { chmod, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { filesystemOf } from '../build-disk.js';
import { diskSize } from '../disk-size.js';
import { failure, inContext, systemFailure } from '../errors.js';
import { syncFolder } from '../files.js';
import type { Mln } from '../kernel.js';
import type { Store } from '../store.js';
import { formatSize } from '../values.js';

/** Disks are made of whole pages. */
const PAGE = 4096;

/** What becomes of a disk whose content goes into a new one. */
export interface Remaking {
  /**
   * The image or device that is copied; its filesystem is whole. It is moved (rename), not copied, where `mayMove` is true,
   * its size stays, and both are files of one filesystem.
   */
  readonly from: string;
  readonly mayMove?: boolean;
  /** The new disk, which is not there yet. */
  readonly to: Store;
  /** Bytes of the new disk. Smaller than the old one: the filesystem is made smaller first, in a copy, at this path. */
  readonly size: number;
  readonly scratch: string;
}

/** Makes a disk of another one's content: larger, smaller, or kept otherwise. The old one is as it was. */
export async function remake(mln: Mln, remaking: Remaking): Promise<void> {
  const { from, to, size, scratch } = remaking;
  const now = await diskSize(from);
  const smaller = size < now;
  if (smaller) await requireFits(mln, from, size);
  if (await to.exists())
    throw failure('MLN_IO', `${to.path} is there already: no other disk is made in its place`, {
      hint: 'move it away, and try again',
    });
  try {
    if (smaller) await copySmaller(mln, remaking);
    const made = smaller ? scratch : from;
    const moved = (smaller || (remaking.mayMove === true && size === now)) && (await movedTo(made, to));
    if (!moved) await to.create(made, size, true);
    const filesystem = await filesystemOf(mln, to.path);
    if (size > now) await filesystem.grow();
    await filesystem.check();
    await syncDisk(to);
  } catch (error) {
    await takeBack(remaking);
    throw inContext(systemFailure(error, to.path), `the disk ${to.path} cannot be made from ${from}`);
  } finally {
    await rm(scratch, { force: true });
  }
}

/** What is half made goes; what was moved goes back. */
async function takeBack({ from, to }: Remaking): Promise<void> {
  const gone = await stat(from).then(
    () => false,
    () => true,
  );
  if (gone) await rename(to.path, from);
  else await to.remove().catch(() => undefined);
}

/** Bytes that a disk can be made as small as. */
export async function leastSize(mln: Mln, image: string): Promise<number> {
  return Math.ceil((await (await filesystemOf(mln, image)).minimumSize()) / PAGE) * PAGE;
}

/** Throws where the filesystem of a disk cannot be made so small, before anything is done. */
async function requireFits(mln: Mln, from: string, size: number): Promise<void> {
  const filesystem = await filesystemOf(mln, from);
  if (filesystem.reach !== undefined && filesystem.reach <= size) return;
  if (!filesystem.shrink)
    throw failure('MLN_UNSUPPORTED', `the disk ${from} is not made smaller: nobody can shrink its filesystem`);
  const least = await leastSize(mln, from);
  if (least > size)
    throw failure(
      'MLN_NO_SPACE',
      `the disk ${from} cannot be made as small as ${formatSize(size)}: what it holds takes ${formatSize(least)}`,
      { hint: `give it at least ${least} bytes, or remove something in the guest; nothing was changed` },
    );
}

async function copySmaller(mln: Mln, { from, size, scratch }: Remaking): Promise<void> {
  await rm(scratch, { force: true });
  await mln.shell('cp', ['--sparse=always', '--reflink=auto', '--', from, scratch]);
  await chmod(scratch, 0o600);
  const filesystem = await filesystemOf(mln, scratch);
  if ((filesystem.reach ?? Infinity) > size) await filesystem.shrink?.(size);
  await truncate(scratch, size);
}

/** Gives a file the new disk's name, where that is a file of the same filesystem. */
async function movedTo(made: string, to: Store): Promise<boolean> {
  if (!to.inside || !(await stat(made)).isFile()) return false;
  try {
    await rename(made, to.path);
    await chmod(to.path, 0o600);
    await syncFolder(dirname(made));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false;
    throw error;
  }
}

async function syncDisk({ path, inside }: Store): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  if (inside) await syncFolder(dirname(path));
}
