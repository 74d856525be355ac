import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from './errors.js';

/*
 * What is given up and cannot be deleted (a mount or another user's files are in it) is put aside: it is in nobody's way,
 * and no project. Its name is .NAME.trash-XXXXXXXX.
 */

/** How often what is written into while it is deleted is tried, and milliseconds between two tries. */
const TRIES = 10;
const PAUSE = 50;

/** Deletes `.NAME.WHAT`, or puts it aside where that cannot be done. Gives what is to be said of it; null: it is gone. */
export async function discard(folder: string): Promise<string | null> {
  const why = await tryToRemove(folder);
  if (why === null) return null;
  const name = basename(folder).split('.')[1] ?? '';
  const aside = join(dirname(folder), `.${name}.trash-${randomBytes(4).toString('hex')}`);
  try {
    await rename(folder, aside);
    return `what is left of an earlier ${name} cannot be deleted, and lies in ${aside}: ${why}; mln clean tries again`;
  } catch (error) {
    return `${folder}, what is left of an earlier ${name}, can neither be deleted (${why}) nor put aside (${messageOf(error)})`;
  }
}

/** Deletes what was put aside of a project's; gives what is said of that which still cannot be. */
export async function emptyTrash(projects: string, name: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (const entry of await readdir(projects).catch(() => [])) {
    if (!entry.startsWith(`.${name}.trash-`)) continue;
    const why = await tryToRemove(join(projects, entry));
    if (why !== null) said.push(`${join(projects, entry)} cannot be deleted: ${why}`);
  }
  return said;
}

/** A program that a killed mln had begun may still write there: it is removed under its hands. Gives why it cannot be. */
async function tryToRemove(folder: string): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rm(folder, { recursive: true, force: true });
      return null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === TRIES) return messageOf(error);
      await pause(PAUSE);
    }
  }
}
