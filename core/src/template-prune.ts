import { join } from 'node:path';
import { isMlnError } from './errors.js';
import { versionsOf, visibleNames, type Manifest } from './template-manifest.js';
import { bytesOf, removeVersion } from './template-remove.js';
import { leftoversOf, removeLeftover, type Leftover } from './template-tidy.js';
import { usersOf } from './template-users.js';
import { isName } from './names.js';

/** Milliseconds after which a download that stopped is not gone on with. */
const STALE = 24 * 60 * 60 * 1000;

/** What can go from the repository. */
export interface Prunable {
  readonly versions: readonly Manifest[];
  readonly downloads: readonly Leftover[];
}

/** Versions that no project stands on, but the newest so many of each name, and downloads that stopped a day ago. */
export async function prunable(folder: string, keep: number, now = Date.now()): Promise<Prunable> {
  const versions: Manifest[] = [];
  for (const name of (await visibleNames(folder)).filter(isName))
    for (const manifest of (await versionsOf(folder, name)).slice(keep))
      if ((await usersOf(join(folder, name, manifest.version))).length === 0) versions.push(manifest);
  const downloads = (await leftoversOf(folder)).filter(({ kind, at }) => kind === 'download' && now - at > STALE);
  return { versions, downloads };
}

/** How many bytes on the disk what can go takes. */
export async function sizeOf(folder: string, { versions, downloads }: Prunable): Promise<number> {
  const folders = [
    ...versions.map(({ name, version }) => join(folder, name, version)),
    ...downloads.map(({ path }) => path),
  ];
  return (await Promise.all(folders.map(bytesOf))).reduce((sum, bytes) => sum + bytes, 0);
}

/** Takes it away; what a project has come to stand on since stays. Gives what went, and the bytes that it took. */
export async function prune(
  folder: string,
  found: Prunable,
): Promise<{ versions: readonly Manifest[]; freed: number }> {
  const versions: Manifest[] = [];
  let freed = 0;
  for (const leftover of found.downloads) freed += await removeLeftover(leftover);
  for (const manifest of found.versions)
    try {
      freed += await removeVersion(folder, manifest);
      versions.push(manifest);
    } catch (error) {
      if (!isMlnError(error) || error.code !== 'MLN_TEMPLATE_IN_USE') throw error;
    }
  return { versions, freed };
}
