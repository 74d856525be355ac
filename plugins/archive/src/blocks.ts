import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemFailure } from '@mln/core';
import type { ArchivedBlob } from './contents.js';

/** Bytes of one block: what is looked at for being all zeros. */
const BLOCK = 4096;
/** Bytes that are read, and written, at once. */
export const CHUNK = 256 * BLOCK;

const zeros = Buffer.alloc(BLOCK);

/** A stretch of blocks that are not all zeros; `at` counts from the beginning of the file. */
interface Run {
  readonly at: number;
  readonly bytes: Buffer;
}

/** Takes a file in as it comes, and gives its blocks that are not all zeros. */
interface Blocks {
  add(bytes: Buffer): readonly Run[];
  end(): readonly Run[];
}

function createBlocks(): Blocks {
  let at = 0;
  let rest: Buffer = Buffer.alloc(0);
  const take = (bytes: Buffer): Run[] => {
    const runs: Run[] = [];
    let begin: number | null = null;
    const close = (end: number): void => {
      if (begin !== null) runs.push({ at: at + begin, bytes: bytes.subarray(begin, end) });
      begin = null;
    };
    for (let from = 0; from < bytes.length; from += BLOCK) {
      const block = bytes.subarray(from, from + BLOCK);
      if (zeros.subarray(0, block.length).equals(block)) close(from);
      else begin ??= from;
    }
    close(bytes.length);
    at += bytes.length;
    return runs;
  };
  return {
    add(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const whole = all.length - (all.length % BLOCK);
      rest = all.subarray(whole);
      return take(all.subarray(0, whole));
    },
    end: () => take(rest),
  };
}

function bytesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Reads a file or device to its end: its digest, its size, and how much of it is not zeros. */
export async function measure(path: string): Promise<ArchivedBlob> {
  const hash = createHash('sha256');
  const blocks = createBlocks();
  let size = 0;
  let data = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      data += bytesOf(blocks.add(chunk));
    }
  } catch (error) {
    throw systemFailure(error, `${path} cannot be read`);
  }
  return { sha256: hash.digest('hex'), size, data: data + bytesOf(blocks.end()) };
}

/** What a file that was written has come to. */
export interface Written {
  readonly sha256: string;
  readonly size: number;
}

/**
 * Writes a new file with holes where there are zeros; null writes none. Throws what `more` throws, which is told of every
 * further byte that is no zero before it is written.
 */
export async function writeSparse(
  path: string | null,
  chunks: AsyncIterable<Buffer>,
  more: (data: number) => void,
): Promise<Written> {
  const hash: Hash = createHash('sha256');
  const blocks = createBlocks();
  const file = path === null ? null : await open(path, 'wx', 0o600);
  let size = 0;
  const write = async (runs: readonly Run[]): Promise<void> => {
    more(bytesOf(runs));
    for (const { at, bytes } of runs)
      for (let done = 0; file && done < bytes.length;)
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  };
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      await write(blocks.add(chunk));
    }
    await write(blocks.end());
    await file?.truncate(size);
  } finally {
    await file?.close();
  }
  return { sha256: hash.digest('hex'), size };
}
