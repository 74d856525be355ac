import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, type Manifest, type Shell } from '@mln/core';
import type { Blob } from '../protocol.js';
import type { Daemon } from '../server/route.js';
import type { Blobs } from './blobs.js';
import { digest } from './digests.js';

/** Bytes that a manifest may have. */
const MOST_MANIFEST = 256 * 1024;

/** The images of templates that this server has, by their digests, as their manifests tell; whoever uses one digests it. */
export async function templateImages({ places, mln }: Daemon): Promise<ReadonlyMap<string, Blob & { path: string }>> {
  const users = join(places.state, 'users');
  const folders = [mln.folders.templates, ...(await namesIn(users)).map((user) => join(users, user, 'templates'))];
  const images = new Map<string, Blob & { path: string }>();
  for (const folder of folders)
    for (const name of await namesIn(folder))
      for (const version of await namesIn(join(folder, name))) {
        const path = join(folder, name, version, 'image');
        const manifest = await manifestIn(join(folder, name, version));
        if (manifest && !images.has(manifest.sha256))
          images.set(manifest.sha256, { sha256: manifest.sha256, size: manifest.size, path });
      }
  return images;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

/**
 * The manifest in the folder of a version; null where there is none. Users may put anything into their own repositories:
 * what is no file, or none of a manifest’s size, is not read.
 */
export async function manifestIn(folder: string): Promise<Manifest | null> {
  const file = await openFile(join(folder, 'manifest.json'));
  if (!file) return null;
  try {
    if ((await file.stat()).size > MOST_MANIFEST) return null;
    const manifest = JSON.parse(await file.readFile('utf8')) as Partial<Manifest> | null;
    return typeof manifest?.sha256 === 'string' && typeof manifest.size === 'number' ? (manifest as Manifest) : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/**
 * Takes an image of a repository in among the files, where a package needs it and it was not sent: somebody else’s
 * repository has it, and each has its own. Gives false where its digest is another by now.
 */
export async function takeImage(
  blobs: Blobs,
  shell: Shell,
  { path, sha256 }: Blob & { path: string },
): Promise<boolean> {
  const file = await openFile(path);
  if (!file) return false;
  const copy = `${blobs.pathOf(sha256)}.${randomBytes(4).toString('hex')}.new`;
  try {
    await makeFolder(blobs.folder);
    await shell('cp', ['--reflink=auto', '--sparse=always', '--', `/proc/${process.pid}/fd/${file.fd}`, copy]);
    if ((await digest(copy)) !== sha256) return false;
    await rename(copy, blobs.pathOf(sha256));
    return true;
  } finally {
    await file.close();
    await rm(copy, { force: true });
  }
}

/** Opens a file for reading; null where a pipe, a link or nothing is in its place. */
async function openFile(path: string) {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null);
  if (!file) return null;
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return null;
}
