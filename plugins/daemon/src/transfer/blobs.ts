import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, formatSize, isMlnError, makeFolder, syncFolder, systemFailure, type Shell } from '@mln/core';
import type { Blob } from '../protocol.js';
import { CHUNK, piecesOf, readSmallHead, SMALL } from './frames.js';
import { createUploads, forged, type Upload } from './uploads.js';

/*
 * Files by their content: state/blobs.
 *
 *   SHA256               a whole one: it was digested, and is on the disk
 *   SHA256.WHO.part      one that comes in parts; each sender has its own, so that nobody spoils another's
 *   SHA256.CHANCE.new    a small one that is just being written
 */

/** Bytes that a file may have. */
export const MOST_BYTES = 1024 ** 4;
/** Bytes that are left free for what else the daemon writes. */
const RESERVE = 16 * 1024 * 1024;
/** Files that one request may bring. */
const MOST_SMALL = 4096;

/** A part of a file that comes in. */
export interface Part {
  readonly blob: Blob;
  /** Where it begins: only what follows on what is there is taken. */
  readonly offset: number;
  /** Bytes of the whole file that are no holes, as far as the sender knows. */
  readonly stored: number;
  /** Whose upload it is: a word that can be in a file's name. */
  readonly who: string;
}

export interface Blobs {
  readonly folder: string;
  pathOf(sha256: string): string;
  /** Whether a file is there; from then on it is kept for a day at least. */
  has(blob: Blob): Promise<boolean>;
  /** Bytes that are there of a file which is not whole; where a cut came behind the last one, it is whole then. */
  partOf(blob: Blob, who: string): Promise<number>;
  /**
   * Takes a part, and gives how many bytes there are then; all of them: it is whole. One that does not follow on what is
   * there is not taken. Throws MLN_BAD_REQUEST where the content is not that of its digest, which is then removed, and
   * MLN_NO_SPACE.
   */
  take(part: Part, stream: AsyncIterable<unknown>): Promise<number>;
  /** Takes small files that come together; gives their number. */
  takeSmall(stream: AsyncIterable<unknown>): Promise<number>;
}

const stores = new Map<string, Blobs>();

/** The files of a folder; uploads that go on are known in it. */
export function blobsOf(folder: string, shell: Shell): Blobs {
  const known = stores.get(folder) ?? createBlobs(folder, shell);
  stores.set(folder, known);
  return known;
}

function createBlobs(folder: string, shell: Shell): Blobs {
  const uploads = createUploads();
  const pathOf = (sha256: string): string => join(folder, sha256);
  const uploadOf = ({ sha256, size }: Blob, who: string): Upload => ({
    sha256,
    size,
    part: join(folder, `${sha256}.${who}.part`),
    whole: pathOf(sha256),
  });
  const has = async ({ sha256, size }: Blob): Promise<boolean> => {
    await uploads.settled(sha256);
    const found = await stat(pathOf(sha256)).catch(() => null);
    if (found?.size !== size) return false;
    const now = new Date();
    await utimes(pathOf(sha256), now, now);
    return true;
  };
  return {
    folder,
    pathOf,
    has,
    partOf: (blob, who) => uploads.at(uploadOf(blob, who)),
    async take({ blob, offset, stored, who }, stream) {
      refuseSize(blob.size);
      const upload = uploadOf(blob, who);
      if (offset === 0) {
        await makeFolder(folder);
        await refuseNoRoom(folder, Math.min(blob.size, stored));
      }
      return uploads.take(upload, offset, stream);
    },
    async takeSmall(stream) {
      await makeFolder(folder);
      await refuseNoRoom(folder, 2 * CHUNK);
      return takeSmall(folder, shell, stream);
    },
  };
}

/** All are written, brought to the disk at once, and only then have their names. */
async function takeSmall(folder: string, shell: Shell, stream: AsyncIterable<unknown>): Promise<number> {
  const pieces = piecesOf(stream);
  const written = new Map<string, string>();
  try {
    for (let head = await readSmallHead(pieces); head !== null; head = await readSmallHead(pieces)) {
      const { sha256, length } = head;
      if (length > SMALL || written.size >= MOST_SMALL)
        throw failure('MLN_BAD_REQUEST', `at most ${MOST_SMALL} files of ${formatSize(SMALL)} come together`);
      const bytes = length === 0 ? Buffer.alloc(0) : await pieces.exactly(length);
      if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== sha256) throw forged(sha256);
      const path = join(folder, `${sha256}.${randomBytes(4).toString('hex')}.new`);
      const before = written.get(sha256);
      if (before !== undefined) continue;
      written.set(sha256, path);
      await writeNew(path, bytes);
    }
    if (written.size > 0) await shell('sync', ['-f', '--', folder]);
    for (const [sha256, path] of written) await rename(path, join(folder, sha256));
    await syncFolder(folder);
    return written.size;
  } catch (error) {
    await Promise.all([...written.values()].map((path) => rm(path, { force: true })));
    throw isMlnError(error) ? error : systemFailure(error, `what was sent cannot be kept in ${folder}`);
  }
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}

function refuseSize(size: number): void {
  if (size > MOST_BYTES)
    throw failure('MLN_BAD_REQUEST', `a file has at most ${formatSize(MOST_BYTES)}, not ${formatSize(size)}`);
}

async function refuseNoRoom(folder: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < wanted + RESERVE)
    throw failure('MLN_NO_SPACE', `${folder} has no room for ${formatSize(wanted)}: ${formatSize(free)} are free`, {
      hint: 'free some space on the server and try again',
    });
}
