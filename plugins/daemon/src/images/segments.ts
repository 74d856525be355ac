import { open, type FileHandle } from 'node:fs/promises';
import { failure, systemFailure } from '@mln/core';
import { digestOf } from './digest.js';
import type { Range } from './ranges.js';
import { CHUNK, OFFERED } from './wire.js';

/** Some chunks of an image, one after the other. */
export interface Segment {
  /** Chunks of zeros before it. */
  readonly zeros: number;
  /** What it has, chunk by chunk; null: zeros. */
  readonly chunks: readonly (Chunk | null)[];
  /** The bytes are no longer needed: what is read next may take their place. */
  free(): void;
}

export interface Chunk {
  readonly bytes: Buffer;
  readonly digest: Buffer;
}

/** Bytes that are read at once. */
const READ = CHUNK * OFFERED;
const ZEROS = Buffer.alloc(CHUNK);

/**
 * Reads an image from its beginning to its end, the next segment while one is used; what lies between the ranges is zeros.
 * The last segment may have no chunks. Each byte is read once, so what a guest writes meanwhile makes no chunk a wrong one.
 */
export async function* segmentsOf(path: string, size: number, ranges: readonly Range[]): AsyncGenerator<Segment> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw systemFailure(error, `${path} cannot be read`);
  });
  const spare: Buffer[] = [];
  const places = placesIn(ranges);
  const begin = (): Promise<Read> | null => {
    const { value, done } = places.next();
    if (done === true) return null;
    const reading = readAt(file, path, value, spare.pop() ?? Buffer.allocUnsafeSlow(READ));
    reading.catch(() => undefined);
    return reading;
  };
  let at = 0;
  try {
    for (let reading = begin(); reading !== null;) {
      const { from, bytes, buffer } = await reading;
      reading = begin();
      const zeros = (from - at) / CHUNK;
      at = from + bytes.length;
      yield {
        zeros,
        chunks: chunksOf(bytes),
        free: () => {
          spare.push(buffer);
        },
      };
    }
    const zeros = Math.ceil((size - at) / CHUNK);
    if (zeros > 0) yield { zeros, chunks: [], free: () => undefined };
  } finally {
    await file.close();
  }
}

/** Stretches that are read at once. */
function* placesIn(ranges: readonly Range[]): Generator<Range, undefined> {
  for (const { from, to } of ranges)
    for (let at = from; at < to; at += READ) yield { from: at, to: Math.min(to, at + READ) };
  return undefined;
}

interface Read {
  readonly from: number;
  readonly bytes: Buffer;
  readonly buffer: Buffer;
}

async function readAt(file: FileHandle, path: string, { from, to }: Range, buffer: Buffer): Promise<Read> {
  let length = 0;
  try {
    while (length < to - from) {
      const { bytesRead } = await file.read(buffer, length, to - from - length, from + length);
      if (bytesRead === 0) throw failure('MLN_IO', `${path} became shorter while it was sent`, { hint: 'try again' });
      length += bytesRead;
    }
  } catch (error) {
    throw systemFailure(error, `${path} cannot be read`);
  }
  return { from, bytes: buffer.subarray(0, length), buffer };
}

function chunksOf(bytes: Buffer): readonly (Chunk | null)[] {
  const chunks: (Chunk | null)[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    chunks.push(isZeros(chunk) ? null : { bytes: chunk, digest: digestOf(chunk) });
  }
  return chunks;
}

/** Whether a chunk is nothing but zeros. */
export function isZeros(chunk: Buffer): boolean {
  return chunk[0] === 0 && chunk.equals(chunk.length === CHUNK ? ZEROS : ZEROS.subarray(0, chunk.length));
}
