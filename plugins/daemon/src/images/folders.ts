import { chmod, chown, lchown, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder, type Shell } from '@mln/core';
import type { OperationFolder, Run } from '../operations/folder.js';
import { removeTree } from '../operations/throw-away.js';
import type { Received } from './receive-image.js';

/** Milliseconds that half an image, or one that was sent ahead, is kept. */
const KEPT = 7 * 24 * 3600 * 1000;

/** Where an image lies on a server while it comes in: in the daemon's own folder. */
export function incomingFolder(state: string, project: string, host: string): string {
  return join(state, 'images', project, host);
}

/** Where it lies on the machine that carries an upgrade out itself: in the project's folder. */
export function ownIncomingFolder(directory: string, host: string): string {
  return join(directory, '.images', host);
}

/**
 * Gives an image to the worker of an operation, without copying it. Nobody else can enter its folder until it is given
 * away; what the worker's user does with it then is that user's.
 */
export async function handOver(
  shell: Shell,
  { image, record }: Received,
  operation: OperationFolder,
  { user }: Run,
): Promise<void> {
  const folder = dirname(image);
  const above = operation.images;
  const to = join(above, basename(folder));
  if ((await mkdir(above, { recursive: true, mode: 0o700 })) !== undefined && user) {
    await chown(above, 0, user.gid);
    await chmod(above, 0o750);
  }
  await removeTree(shell, to);
  await rename(folder, to);
  if (user) {
    for (const path of [image, record]) if (path !== null) await lchown(join(to, basename(path)), user.uid, user.gid);
    await lchown(to, user.uid, user.gid);
  }
  await syncFolder(above);
}

/** Removes what came in long ago and was never used. */
export async function tidyIncoming(state: string, now = Date.now()): Promise<void> {
  const root = join(state, 'images');
  for (const project of await readdir(root).catch(() => []))
    for (const host of await readdir(join(root, project)).catch(() => [])) {
      const found = await stat(join(root, project, host, 'disk')).catch(() => null);
      if (found && now - found.mtimeMs > KEPT) await rm(join(root, project, host), { recursive: true, force: true });
    }
}
