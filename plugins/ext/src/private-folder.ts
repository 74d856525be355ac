import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { failure, MiB, systemFailure } from '@mln/core';

/** Linux keeps a filesystem in memory here, shm_overview(7). */
const MEMORY = '/dev/shm';
/** Bytes that must be free in memory: a template's own blocks take some ten MiB a gigabyte, and are held a few times. */
const ROOM = 256 * MiB;

/** A folder of the calling user alone, through which contents are handed to debugfs. */
export interface PrivateFolder {
  /** The path of a file with this content; guests of one project share most of theirs. */
  fileWith(content: Buffer): string;
  /** A path that nothing stands at yet. */
  newPath(): string;
}

let shared: { readonly path: string; readonly folder: PrivateFolder } | null = null;
let users = 0;

/** Gives the folder for the time of an act. Acts that overlap share it; it goes with the last of them. */
export async function withFolder<T>(act: (folder: PrivateFolder) => Promise<T>): Promise<T> {
  const folder = takeFolder();
  try {
    return await act(folder);
  } finally {
    leaveFolder();
  }
}

/** Gives the folder until it is left again. */
export function takeFolder(): PrivateFolder {
  shared ??= whileWriting(makeFolder);
  users += 1;
  return shared.folder;
}

export function leaveFolder(): void {
  users -= 1;
  if (users > 0 || !shared) return;
  rmSync(shared.path, { recursive: true, force: true });
  shared = null;
}

/** Memory, where the user names no other folder and there is room; what stands here lives for one command. */
function parentFolder(): string {
  if (process.env['TMPDIR']) return tmpdir();
  try {
    accessSync(MEMORY, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

function makeFolder(): { path: string; folder: PrivateFolder } {
  removeAllLeftovers();
  const path = mkdtempSync(join(parentFolder(), `mln-ext-${process.pid}-`));
  const written = new Set<string>();
  return {
    path,
    folder: {
      fileWith(content) {
        const file = join(path, createHash('sha256').update(content).digest('hex'));
        // Small files are written at once: that takes least.
        if (!written.has(file))
          whileWriting(() => {
            writeFileSync(file, content, { mode: 0o600 });
          });
        written.add(file);
        return file;
      },
      newPath: () => join(path, randomUUID()),
    },
  };
}

/** Says which folder it is that is full, or may not be written. */
function whileWriting<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw folderFull(error);
    throw systemFailure(error, `the folder for temporary files, ${currentParent()}`, 'name another one with TMPDIR');
  }
}

/** The error for a folder that has no room for what is made in it. */
export function folderFull(cause: unknown): Error {
  return failure('MLN_NO_SPACE', `the folder for temporary files, ${currentParent()}, is full`, {
    cause,
    hint: 'free some space there, or name another one with TMPDIR; nothing was changed',
  });
}

/** Memory may have filled up since it was chosen. */
function currentParent(): string {
  return shared ? dirname(shared.path) : parentFolder();
}

/** Removes the folders of processes that were killed; what cannot be removed stays. */
export function removeAllLeftovers(): void {
  for (const parent of new Set([MEMORY, tmpdir()])) removeLeftovers(parent);
}

/** A process that was killed leaves its folder, and there may be hashes of passwords in it. */
function removeLeftovers(parent: string): void {
  if (parent === MEMORY && !existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = /^mln-ext-(\d+)-/.exec(name)?.[1];
    const path = join(parent, name);
    if (
      pid === undefined ||
      existsSync(`/proc/${pid}`) ||
      statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()
    )
      continue;
    rmSync(path, { recursive: true, force: true });
  }
}
