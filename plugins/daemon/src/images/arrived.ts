import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, receivedImage, recordPath, syncFolder, systemFailure, upgradeFolder, type Shell } from '@mln/core';

/** Brings an image that has come in to its place in the folder of an upgrade: without copying it, where that is one filesystem. */
export async function placeImage(shell: Shell, folder: string, directory: string, host: string): Promise<void> {
  const disk = join(folder, 'disk');
  const image = receivedImage(directory, host);
  // A phase that is asked for again has done it already.
  if (!existsSync(disk) && existsSync(image)) return;
  if (!existsSync(disk))
    throw failure('MLN_NO_BLOB', `the disk of ${host} was not sent`, { hint: 'give the command again' });
  const record = join(folder, 'guest');
  try {
    await mkdir(dirname(image), { recursive: true, mode: 0o700 });
    if (existsSync(record)) await move(shell, record, recordPath(upgradeFolder(directory), host));
    await move(shell, disk, image);
    await syncFolder(dirname(image));
    // The folder above may be the daemon’s, which removes it with the operation’s.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    await rmdir(dirname(folder)).catch(() => undefined);
  } catch (error) {
    throw systemFailure(error, `the disk of ${host} cannot be brought to ${image}`);
  }
}

async function move(shell: Shell, from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    try {
      await shell('cp', ['--sparse=always', '--reflink=auto', '--', from, `${to}.part`]);
      await shell('sync', ['--', `${to}.part`]);
    } catch (reason) {
      await rm(`${to}.part`, { force: true });
      throw reason;
    }
    await rename(`${to}.part`, to);
    await rm(from, { force: true });
  }
}
