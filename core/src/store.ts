import { chmodSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { lstat, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemFailure } from './errors.js';
import { makeFolder, syncFolder } from './files.js';
import type { Stretch } from './filesystem.js';
import type { Disk, Host, Project } from './project.js';
import type { Shell } from './shell.js';
import { copySmallImage, writeStretches } from './sparse.js';
import { keptFolder } from './upgrade/places.js';
import { MiB } from './values.js';

/** Room that disks share, such as that of a volume group. Bytes. */
export interface Room {
  /** Told to the user, and the same for all disks that share it. */
  readonly from: string;
  /** No less than this, so that what would fit is never refused. */
  readonly takes: number;
  /** What several disks need once, such as the image that they stand on: what it is called, and what it takes. */
  readonly shared?: { readonly name: string; takes(): Promise<number> };
  free(): Promise<number>;
}

/** Where a disk is kept. What one store made, no other touches. */
export interface Store {
  /** What the filesystem hook and the hypervisor open: an image or a device. */
  readonly path: string;
  /** The disk lies in the project's folder and comes and goes with it; others are journalled before they are made. */
  readonly inside: boolean;
  exists(): Promise<boolean>;
  /** What `create` would take, and from where; null, or left out: what is free there says nothing. */
  room?(template: string | null, size: number): Room | null;
  /**
   * Makes the disk from a template (or empty: null), of so many bytes. `whole`: from a disk that goes, and so it stands on
   * nothing.
   */
  create(template: string | null, size: number, whole?: boolean): Promise<void>;
  /**
   * Makes the disk of an image that it stands on and what differs from it. The image's path is absolute, or relative to
   * the project's folder. Left out: disks of this store stand on nothing.
   */
  createOver?(image: string, changes: readonly Stretch[]): Promise<void>;
  /** Bytes: the blocks of a filesystem on such an image are no smaller. */
  readonly leastBlock?: number;
  /** Writes a disk that stands on an image whole to a new file, and brings it onto the physical disk. */
  flatten?(to: string): Promise<void>;
  /**
   * Brings a disk that a staged build has made to its own name, in the stead of what an earlier build has there; does
   * nothing where that is done. Stores outside alone have it, whose disks have another name while `isStaged` is true.
   */
  place?(): Promise<void>;
  /** Throws where the disk under its own name could not be removed just now, or is somebody else's. */
  requireFree?(): Promise<void>;
  /**
   * Makes an existing disk larger: so many bytes large, or somewhat more. The filesystem in it is not touched. What was
   * cut off is finished; where there is nothing to do nothing is done. What the filesystem reaches to is used already.
   */
  grow(size: number, used?: number): Promise<void>;
  remove(): Promise<void>;
  /**
   * Gives a disk of this store that has another name (the path of its own Store) this one's name, without copying. Nothing
   * else has the new name: where it is there, that is done already, and nothing is done. Left out: it is copied.
   */
  take?(from: string): Promise<void>;
  /** Writes stretches into the disk where it is, and brings them onto the physical disk. Left out: they are written at `path`. */
  patch?(stretches: readonly Stretch[]): Promise<void>;
}

/** To run cp(1) takes longer than to copy an image up to this size in bytes; of a larger one cp knows the holes unread. */
const SMALL = 64 * MiB;

/** Makes a sparse copy of an image or device, for its owner alone, of so many bytes: not fewer than the image has. */
export async function copyImage(image: string, copy: string, size: number, shell: Shell): Promise<void> {
  const found = statSync(image);
  if (found.isFile() && found.size <= SMALL) copySmallImage(image, copy);
  else await shell('cp', ['--sparse=always', '--reflink=auto', '--', image, copy]);
  chmodSync(copy, 0o600);
  if (statSync(copy).size !== size) truncateSync(copy, size);
}

/** Disks as sparse files in the project's folder. */
export function fileStore(disk: Disk, host: Host, project: Project, shell: Shell): Store {
  const { directory } = project;
  const folder = disk.kept === undefined ? host.name : keptFolder(disk.kept, host.name);
  const path = disk.existing ? disk.path : join(directory, folder, disk.path);
  const attempt = async (doing: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      throw systemFailure(error, `${path} cannot be ${doing}`);
    }
  };
  return {
    path,
    inside: !disk.existing,
    exists: () =>
      stat(path).then(
        () => true,
        () => false,
      ),
    create: (template, size) =>
      attempt('made', async () => {
        if (template !== null) return copyImage(template, path, size, shell);
        writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
        truncateSync(path, size);
      }),
    grow: (size) => attempt('grown', () => truncate(path, size)),
    remove: () => attempt('removed', () => rm(path, { force: true })),
    ...(disk.existing ? {} : { take: (from: string) => attempt('moved there', () => moveFile(from, path, directory)) }),
    patch: (stretches) =>
      attempt('written', () => {
        writeStretches(path, stretches, true);
        return Promise.resolve();
      }),
  };
}

/** Renames a file, and brings that onto the physical disk, with the folders that are made below the project's for it. Done already: nothing more. */
async function moveFile(from: string, to: string, directory: string): Promise<void> {
  await makeFolder(dirname(to));
  if (!(await isThere(to))) await rename(from, to);
  const changed = new Set([dirname(from)]);
  for (let folder = dirname(to); folder.startsWith(directory); folder = dirname(folder)) changed.add(folder);
  for (const folder of changed) if (await isThere(folder)) await syncFolder(folder);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
