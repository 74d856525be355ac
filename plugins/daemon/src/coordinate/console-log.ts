import { constants } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failure, type Project } from '@mln/core';
import type { ServerEvent } from '../server/route.js';

/** Milliseconds between two looks at a log that is followed. */
const LOOK = 200;
/** Bytes that one event holds. */
const PIECE = 48 * 1024;

interface LogOptions {
  /** How many bytes were sent before. */
  readonly from: number;
  /** Goes on as it grows, until the signal. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * What a host has written on its console, as events: the bytes in base64, their number the bytes that have been sent in all,
 * less one. One that begins anew (its host was started again) is read from its beginning.
 */
export async function consoleLog(
  project: Pick<Project, 'name' | 'directory'>,
  host: string,
  options: LogOptions,
): Promise<AsyncIterable<ServerEvent>> {
  const path = join(project.directory, host, 'console.log');
  const file = await openPlain(path, project.directory);
  if (file) return read(file, path, project.directory, options);
  throw failure('MLN_NO_FILE', `${host}.${project.name} has no console log yet`, {
    exit: 1,
    hint: `mln start -p ${project.name}`,
  });
}

async function* read(
  first: FileHandle,
  path: string,
  directory: string,
  { from, follow, signal }: LogOptions,
): AsyncGenerator<ServerEvent> {
  let file = first;
  let sent = from;
  let at = Math.min(from, (await file.stat()).size);
  const buffer = Buffer.alloc(PIECE);
  try {
    for (;;) {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, PIECE, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        sent += bytesRead;
        yield { id: sent - 1, data: { bytes: buffer.toString('base64', 0, bytesRead) } };
      }
      if (!follow) return;
      await pause(LOOK, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const now = await stat(path).catch(() => null);
      if (now === null || now.ino === (await file.stat()).ino) continue;
      const next = await openPlain(path, directory);
      if (!next) continue;
      await file.close();
      [file, at] = [next, 0];
    }
  } finally {
    await file.close();
  }
}

/**
 * Opens a file of a project; null where there is none. The guests of others run as a user who may write there: what is no
 * plain file of that very folder is not read in the name of the daemon.
 */
async function openPlain(path: string, directory: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw strange(path);
    throw error;
  }
  const [found, opened, folder] = await Promise.all([
    file.stat(),
    readlink(`/proc/self/fd/${file.fd}`),
    realpath(directory),
  ]);
  if (found.isFile() && found.nlink === 1 && opened === path.replace(directory, folder)) return file;
  await file.close();
  throw strange(path);
}

function strange(path: string): Error {
  return failure('MLN_NOT_ALLOWED', `${path} is not the file that it should be: it is not read`);
}
