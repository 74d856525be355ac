import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { systemFailure } from './errors.js';

/** Makes a folder, and those above it, for the calling user alone. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Of a full disk, too, Node then says that there is no such folder: the folder alone tells.
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? await whyNoFolder(path) : error;
    if (why !== null) throw systemFailure(why, `the folder ${path} cannot be made`);
  }
}

async function whyNoFolder(path: string): Promise<unknown> {
  return mkdir(path, { mode: 0o700 }).then(
    () => null,
    (error: unknown) => error,
  );
}

/** Writes a file so that after a crash either the old or the new content is there, whole, and on the disk. */
export async function writeAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // Where there can be no such file, there is none to be taken away.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw systemFailure(error, `${path} cannot be written`);
  }
}

/** Brings the names in a folder onto the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames a folder, and brings the change onto the disk. */
export async function moveFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    throw systemFailure(error, `${from} cannot be renamed to ${to}`);
  }
}

/** Reads a file; null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    // Whoever may write there could make a fifo of it, which nobody ever writes to.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw systemFailure(error, `${path} cannot be read`);
  }
}
