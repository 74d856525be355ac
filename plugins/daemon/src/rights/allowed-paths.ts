import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Demand } from '@mln/core';

/**
 * The demands that `allowPaths` does not cover: they want the right `host`. A path is covered where what it leads to, all
 * links followed, is one of the paths that are allowed or lies below one. What cannot be told is not covered.
 */
export async function beyondPaths(demands: readonly Demand[], allowed: readonly string[]): Promise<readonly Demand[]> {
  const folders = (await Promise.all(allowed.map(leadsTo))).filter((path) => path !== null);
  const covered = await Promise.all(
    demands.map(async ({ path }) => {
      const target = path === null ? null : await leadsTo(path);
      return target !== null && folders.some((folder) => isWithin(target, folder));
    }),
  );
  return demands.filter((_demand, index) => covered[index] !== true);
}

/** Whether a path is another, or below it; by whole names: /srv/a is not below /srv/ab. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/**
 * Where an absolute path leads, links followed; what is not there yet stands as it is written behind what is. Null where that
 * cannot be told: a link to nothing or in a circle, a path that goes up again, a folder that may not be looked into.
 */
async function leadsTo(path: string): Promise<string | null> {
  if (!path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')) return null;
  const plain = join(path, '.').replace(/(?<=.)\/$/, '');
  try {
    return await realpath(plain);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || (await isThere(plain))) return null;
    const folder = await leadsTo(dirname(plain));
    return folder === null ? null : join(folder, plain.slice(plain.lastIndexOf('/') + 1));
  }
}

/** A link to nothing is there. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
}
