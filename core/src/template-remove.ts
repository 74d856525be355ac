import { existsSync } from 'node:fs';
import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, systemFailure } from './errors.js';
import { moveFolder, syncFolder } from './files.js';
import type { Manifest } from './template-manifest.js';
import { makerTag } from './template-owner.js';
import { usersOf, type TemplateUser } from './template-users.js';

/**
 * Removes a version that no project stands on; gives the bytes that it took. With `force` projects that are not where
 * they were do not count. Throws MLN_TEMPLATE_IN_USE.
 */
export async function removeVersion(folder: string, { name, version }: Manifest, force = false): Promise<number> {
  const place = join(folder, name, version);
  const hidden = join(folder, name, `.${version}.gone${makerTag()}`);
  const usersIn = async (each: string): Promise<readonly TemplateUser[]> =>
    (await usersOf(each)).filter(({ found }) => found || !force);
  const refuse = (users: readonly TemplateUser[]): void => {
    if (users.length > 0) throw inUse(`${name}@${version}`, users);
  };
  // Where it is known to be in use it keeps its place: a host that is just being started looks for it there.
  refuse(await usersIn(place));
  await moveFolder(place, hidden);
  const users = await usersIn(hidden);
  if (users.length > 0) await moveFolder(hidden, place);
  refuse(users);
  const freed = await bytesOf(hidden);
  await deleteVersion(hidden);
  return freed;
}

/** Puts right a removal that was cut off: takes it back where projects stand on the version, else finishes it. Gives which. */
export async function settleRemoval(hidden: string, place: string): Promise<'taken back' | 'finished'> {
  const users = existsSync(join(hidden, 'image')) ? await usersOf(hidden) : [];
  if (users.length > 0) {
    await moveFolder(hidden, place);
    return 'taken back';
  }
  await deleteVersion(hidden);
  return 'finished';
}

/** The bytes on the disk of a folder and all that is in it. */
export async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    const found = entry.isFile() ? await stat(join(entry.parentPath, entry.name)).catch(() => null) : null;
    bytes += (found?.blocks ?? 0) * 512;
  }
  return bytes;
}

/** The image goes first: what is left of a removal that is cut off here is never put back. */
async function deleteVersion(hidden: string): Promise<void> {
  try {
    await rm(join(hidden, 'image'), { force: true });
    await rm(hidden, { recursive: true, force: true });
    // The folder of the name goes with its last version; it stays where another is just being put in.
    await rmdir(dirname(hidden)).catch(() => undefined);
  } catch (error) {
    throw systemFailure(error, `${hidden} cannot be removed`);
  }
}

/** Gives a folder its final name, unless there is a folder of that name with something in it. */
export async function putInPlace(staging: string, place: string): Promise<boolean> {
  try {
    await rename(staging, place);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  await syncFolder(dirname(place));
  return true;
}

function inUse(version: string, users: readonly TemplateUser[]): Error {
  const tell = ({ project, directory, hosts, because }: TemplateUser): string =>
    because === null ? `${project} in ${dirname(directory)} (${hosts.join(', ')})` : `${project} (${because})`;
  return failure('MLN_TEMPLATE_IN_USE', `${version} is in use: on it stand ${users.map(tell).join('; ')}`, {
    hint: [
      ...(users.some(({ found }) => found)
        ? ['make their disks whole with mln disk flatten, or remove the projects']
        : []),
      ...(users.some(({ found }) => !found)
        ? [`what is not found may have been moved; if it is gone for good: mln template remove --force ${version}`]
        : []),
    ].join('; '),
  });
}
