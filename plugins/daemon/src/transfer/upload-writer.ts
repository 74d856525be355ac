import type { Hash } from 'node:crypto';
import { ftruncate, write, writev } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';

/** How far a file has come. */
export interface Written {
  readonly hash: Hash;
  /** Bytes that are written, or about to be, and digested. */
  at: number;
  /** Bytes since the last time that they were brought to the disk. */
  unsynced: number;
}

/** Bytes that are written at once. */
const WRITE = 1024 * 1024;
const ZEROS = Buffer.alloc(WRITE);
const [writeSome, writeMany, cutAt] = [promisify(write), promisify(writev), promisify(ftruncate)];

/** Writes large pieces while the next ones come in. Holes stay holes. */
export function createWriter(file: number, progress: Written) {
  let waiting: Buffer[] = [];
  let length = 0;
  let from = progress.at;
  let writing: Promise<void> = Promise.resolve();
  let ends = false;
  const flush = async (): Promise<void> => {
    const [bytes, at] = [waiting, from];
    [waiting, length, from] = [[], 0, progress.at];
    await writing;
    if (bytes.length === 0) return;
    writing = writeAll(file, bytes, at);
    // Whoever waits for it next is told; until then nobody need be.
    writing.catch(() => undefined);
  };
  return {
    async zeros(count: number): Promise<void> {
      if (count === 0) return;
      await flush();
      for (let rest = count; rest > 0; rest -= WRITE) {
        progress.hash.update(rest < WRITE ? ZEROS.subarray(0, rest) : ZEROS);
        if (rest % (16 * WRITE) < WRITE) await turn();
      }
      progress.at += count;
      from = progress.at;
      ends = true;
    },
    async bytes(piece: Buffer): Promise<void> {
      progress.hash.update(piece);
      progress.at += piece.length;
      progress.unsynced += piece.length;
      ends = false;
      waiting.push(piece);
      length += piece.length;
      if (length >= WRITE) await flush();
    },
    async end(): Promise<void> {
      await flush();
      await writing;
      // Zeros at the end are no bytes of the file yet.
      if (ends) await cutAt(file, progress.at);
    },
  };
}

async function writeAll(file: number, bytes: readonly Buffer[], at: number): Promise<void> {
  const { bytesWritten } = await writeMany(file, bytes, at);
  const length = bytes.reduce((sum, each) => sum + each.length, 0);
  if (bytesWritten === length) return;
  // A disk that is nearly full takes a part; the rest tells why.
  const rest = Buffer.concat(bytes).subarray(bytesWritten);
  for (let done = 0; done < rest.length;)
    done += (await writeSome(file, rest, done, rest.length - done, at + bytesWritten + done)).bytesWritten;
}
