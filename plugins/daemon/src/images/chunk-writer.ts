import { fdatasync, write, writev } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes that are written at once. */
const WRITE = 1024 * 1024;
/** Bytes after which they are brought to the disk beside what comes in: there is little left to wait for in the end. */
const SYNC = 64 * 1024 * 1024;
/** Bytes that may wait for that. */
const MOST_UNSYNCED = 512 * 1024 * 1024;
/** How many writes may be under way at once. */
const UNDER_WAY = 16;
const [writeSome, writeMany, sync] = [promisify(write), promisify(writev), promisify(fdatasync)];

/** Writes pieces of a file while the next ones come in; those that lie behind one another at once. */
export interface ChunkWriter {
  /** Null: there is room for more. */
  put(at: number, pieces: readonly Buffer[]): Promise<void> | null;
  /** Writes many bytes at once; resolves once they are no longer needed. */
  write(at: number, bytes: Buffer): Promise<void>;
  /** All is on the disk then. */
  end(): Promise<void>;
  /** Waits until nothing is written any more, whatever came of it. */
  settle(): Promise<void>;
}

export function createChunkWriter(file: number): ChunkWriter {
  let waiting: Buffer[] = [];
  let from = 0;
  let length = 0;
  let unsynced = 0;
  let writing: readonly Promise<void>[] = [];
  let syncing: Promise<void> | null = null;
  /** What went wrong with a write that nobody waits for. */
  let broken: { readonly error: unknown } | null = null;

  const bringToDisk = async (): Promise<void> => {
    if (unsynced < SYNC || (syncing !== null && unsynced < MOST_UNSYNCED)) return;
    await syncing;
    unsynced = 0;
    const mine = sync(file).finally(() => {
      if (syncing === mine) syncing = null;
    });
    // The system tells of it once.
    mine.catch((error: unknown) => {
      broken ??= { error };
    });
    syncing = mine;
  };
  const flush = async (): Promise<void> => {
    if (broken) throw broken.error;
    const [pieces, at, size] = [waiting, from, length];
    [waiting, length] = [[], 0];
    if (pieces.length === 0) return;
    const mine = writeAll(file, pieces, at, size);
    mine.catch((error: unknown) => {
      broken ??= { error };
    });
    writing = [...writing, mine];
    if (writing.length > UNDER_WAY) await writing[0];
    writing = writing.slice(-UNDER_WAY);
    unsynced += size;
    await bringToDisk();
  };
  return {
    async write(at, bytes) {
      if (broken) throw broken.error;
      await writeAll(file, [bytes], at, bytes.length);
      unsynced += bytes.length;
      await bringToDisk();
    },
    put(at, pieces) {
      let room: Promise<void> | null = length > 0 && at !== from + length ? flush() : null;
      if (length === 0) from = at;
      for (const piece of pieces) {
        waiting.push(piece);
        length += piece.length;
      }
      if (length >= WRITE) room = room ? Promise.all([room, flush()]).then(() => undefined) : flush();
      room?.catch(() => undefined);
      return room;
    },
    async end() {
      await flush();
      await Promise.all(writing);
      await syncing;
      if (broken) throw broken.error;
      await sync(file);
    },
    async settle() {
      await Promise.allSettled([...writing, syncing]);
    },
  };
}

async function writeAll(file: number, pieces: readonly Buffer[], at: number, length: number): Promise<void> {
  const { bytesWritten } = await writeMany(file, pieces, at);
  if (bytesWritten === length) return;
  // A disk that is nearly full takes a part; the rest tells why.
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  for (let done = 0; done < rest.length;)
    done += (await writeSome(file, rest, done, rest.length - done, at + bytesWritten + done)).bytesWritten;
}
