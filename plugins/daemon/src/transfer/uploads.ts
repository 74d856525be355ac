import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, isMlnError, syncFolder, systemFailure } from '@mln/core';
import { CHUNK, MOST_ZEROS, piecesOf, readHead, type Pieces } from './frames.js';
import { createWriter, type Written } from './upload-writer.js';

/** A file that comes in parts. */
export interface Upload {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Where it lies meanwhile. */
  readonly part: string;
  /** Where it lies once it is whole. */
  readonly whole: string;
}

export interface Uploads {
  /** Waits until a file whose last part was taken is on the disk, and has its name; or cannot have it. */
  settled(sha256: string): Promise<void>;
  /** Bytes that are there, and digested; where that is all, the file has its name by then. */
  at(upload: Upload): Promise<number>;
  /** Takes what follows on them, and gives how many there are then. */
  take(upload: Upload, offset: number, stream: AsyncIterable<unknown>): Promise<number>;
}

/** How far an upload has come, and what of it goes to the disk beside what comes in. */
interface Progress extends Written {
  syncing: Promise<void>;
  isSyncing: boolean;
}

/** Bytes that are read at once. */
const READ = 1024 * 1024;
/** Bytes after which they are brought to the disk: the last part does not wait long for that. */
const SYNC = 64 * 1024 * 1024;
/** Bytes that may wait for that. */
const MOST_UNSYNCED = 512 * 1024 * 1024;
/** How many uploads are known; others are digested again from their beginning. */
const KNOWN = 256;
/** Milliseconds that a part waits for the one before it: two are under way at once, and either may come first. */
const EARLY = 1000;
/** Errors of streams that broke off. */
const cuts = new WeakSet<Error>();

/** Uploads that go on, one part after the other each. */
export function createUploads(): Uploads {
  const known = new Map<string, Progress>();
  const busy = new Map<string, Promise<unknown>>();
  const named = new Map<string, Promise<void>>();
  const waiting = new Map<string, readonly (() => void)[]>();

  const alone = async <T>(path: string, act: () => Promise<T>): Promise<T> => {
    const before = busy.get(path);
    const after = (async () => {
      await before?.catch(() => undefined);
      return act();
    })();
    busy.set(path, after);
    try {
      return await after;
    } finally {
      if (busy.get(path) === after) busy.delete(path);
      for (const wake of waiting.get(path) ?? []) wake();
      waiting.delete(path);
    }
  };

  /** Waits until something has been done to an upload, at most so many milliseconds. */
  const change = (path: string, limit: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, limit);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      waiting.set(path, [...(waiting.get(path) ?? []), wake]);
    });

  /** What is known of an upload is of no use where its file is another one. */
  const progressOf = async ({ part, size }: Upload): Promise<Progress> => {
    const length = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    const before = known.get(part);
    known.delete(part);
    const progress = before?.at === length ? before : await digested(part, length, size);
    known.set(part, progress);
    for (const oldest of known.keys()) if (known.size > KNOWN) known.delete(oldest);
    return progress;
  };

  const forget = async ({ part }: Upload): Promise<void> => {
    const progress = known.get(part);
    known.delete(part);
    await progress?.syncing.catch(() => undefined);
    await rm(part, { force: true });
  };

  /** Brings a file that is whole to the disk, and gives it its name: its sender need not wait for that, whoever uses it does. */
  const finish = (upload: Upload, { hash, syncing }: Progress): void => {
    if (hash.copy().digest('hex') !== upload.sha256) throw forged(upload.sha256);
    const { part, whole, sha256 } = upload;
    const naming = (async () => {
      await syncing;
      await syncFile(part);
      await rename(part, whole);
      await syncFolder(dirname(whole));
    })();
    const over = (): void => {
      if (named.get(sha256) === ending) named.delete(sha256);
      known.delete(part);
    };
    // Where it failed, the file is still a part, and is asked for again.
    const ending = naming.then(over, over);
    named.set(sha256, ending);
  };

  const takeAlone = async (upload: Upload, offset: number, stream: AsyncIterable<unknown>): Promise<number> => {
    await named.get(upload.sha256);
    if (await isWhole(upload)) return upload.size;
    const progress = await progressOf(upload);
    // All of it may have come before a cut.
    if (progress.at !== offset && progress.at < upload.size) return progress.at;
    try {
      if (progress.at === offset) await takeInto(upload, progress, stream);
      if (progress.at === upload.size) finish(upload, progress);
      return progress.at;
    } catch (error) {
      // What a cut leaves is gone on with; what is wrong, or has filled the disk, is not kept.
      if (!cuts.has(error as Error)) await forget(upload);
      throw isMlnError(error) ? error : systemFailure(error, `what was sent cannot be kept as ${upload.part}`);
    }
  };

  const atAlone = async (upload: Upload): Promise<number> => {
    await named.get(upload.sha256);
    if (await isWhole(upload)) return upload.size;
    const progress = await progressOf(upload);
    return progress.at > 0 && progress.at === upload.size ? takeAlone(upload, progress.at, nothing()) : progress.at;
  };

  return {
    async settled(sha256) {
      await named.get(sha256);
    },
    at: (upload) => alone(upload.part, () => atAlone(upload).catch(() => 0)),
    async take(upload, offset, stream) {
      const until = performance.now() + EARLY;
      for (;;) {
        const at = await alone(upload.part, () => takeAlone(upload, offset, stream));
        const left = until - performance.now();
        if (at >= offset || left <= 0) return at;
        await change(upload.part, left);
      }
    },
  };
}

/** Another sender may have been quicker. */
async function isWhole({ whole, part, size }: Upload): Promise<boolean> {
  if (statSync(whole, { throwIfNoEntry: false })?.size !== size) return false;
  await rm(part, { force: true });
  return true;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream that ends
async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

/** Opened at once: a large file has hundreds of parts, and a busy machine lets each step of another thread wait. */
async function takeInto(upload: Upload, progress: Progress, stream: AsyncIterable<unknown>): Promise<void> {
  const file = openSync(upload.part, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    await takeFrames(file, piecesOf(stream), progress, upload);
  } finally {
    closeSync(file);
  }
}

async function digested(part: string, length: number, size: number): Promise<Progress> {
  const progress: Progress = {
    hash: createHash('sha256'),
    at: 0,
    unsynced: 0,
    syncing: Promise.resolve(),
    isSyncing: false,
  };
  if (length > size) await rm(part, { force: true });
  else if (length > 0)
    for await (const chunk of createReadStream(part, { highWaterMark: READ })) {
      progress.hash.update(chunk as Buffer);
      progress.at += (chunk as Buffer).length;
    }
  return progress;
}

/** Takes frames until the stream ends or is cut; all that came is then in the file. */
async function takeFrames(file: number, pieces: Pieces, progress: Progress, upload: Upload): Promise<void> {
  const writer = createWriter(file, progress);
  let left = { zeros: MOST_ZEROS, bytes: CHUNK };
  try {
    for (let head = await heard(readHead(pieces)); head !== null; head = await heard(readHead(pieces))) {
      const { zeros, length } = head;
      if (zeros > left.zeros || length > left.bytes || progress.at + zeros + length > upload.size)
        throw failure('MLN_BAD_REQUEST', `what was sent of ${upload.sha256} is larger than it may be`);
      left = { zeros: left.zeros - zeros, bytes: left.bytes - length };
      await writer.zeros(zeros);
      for (let rest = length; rest > 0;) {
        const bytes = await heard(pieces.atMost(rest));
        rest -= bytes.length;
        await writer.bytes(bytes);
      }
    }
  } finally {
    await writer.end();
  }
  await bringToDisk(progress, upload.part);
}

/** What a stream gives; where it breaks off, it was cut. */
async function heard<T>(what: Promise<T>): Promise<T> {
  try {
    return await what;
  } catch (error) {
    const cut = failure('MLN_BAD_REQUEST', 'what was sent was cut off', { cause: error });
    cuts.add(cut);
    throw cut;
  }
}

/** What has come is brought to the disk beside what comes; only where the disk is too slow for that is it waited for. */
async function bringToDisk(progress: Progress, path: string): Promise<void> {
  if (progress.unsynced < SYNC || (progress.isSyncing && progress.unsynced < MOST_UNSYNCED)) return;
  await progress.syncing;
  progress.unsynced = 0;
  progress.isSyncing = true;
  progress.syncing = syncFile(path).finally(() => {
    progress.isSyncing = false;
  });
  progress.syncing.catch(() => undefined);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** What is told of content that is not that of its digest. */
export function forged(sha256: string): Error {
  return failure('MLN_BAD_REQUEST', `what was sent as ${sha256} has another SHA-256`, {
    hint: 'it was removed; where the file was changed meanwhile, send it again',
  });
}
