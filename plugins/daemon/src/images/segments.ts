import { open, type FileHandle } from 'node:fs/promises';
import { failure, systemFailure } from '@mln/core';
import type { Digested, Digester } from './digester.js';
import type { Range } from './ranges.js';
import { CHUNK, OFFERED } from './wire.js';

/** Some chunks of an image, one after the other. */
export interface Segment {
  /** Chunks of zeros before it. */
  readonly zeros: number;
  /** What it has; MARGIN bytes before it are nobody's. */
  readonly bytes: Buffer;
  /** The digests of its chunks, as they are offered. */
  readonly digests: Buffer;
  /** The bytes are no longer needed: what is read next may take their place. */
  free(): void;
}

/** Bytes of a segment at most. */
const READ = CHUNK * OFFERED;
/** Bytes that are free before those of a segment: a whole block, as what is read is best put at the beginning of one. */
const MARGIN = 4096;
/** Segments that are read and digested while one is used. */
const AHEAD = 2;
const NOTHING = Buffer.alloc(0);
const ZEROS = Buffer.alloc(CHUNK);

/**
 * Reads an image from its beginning to its end, the next segments while one is used; what lies between the ranges is zeros.
 * The last segment may have no chunks. Each byte is read once, so what a guest writes meanwhile makes no chunk a wrong one.
 */
export async function* segmentsOf(
  path: string,
  size: number,
  ranges: readonly Range[],
  digester: Digester,
): AsyncGenerator<Segment> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw systemFailure(error, `${path} cannot be read`);
  });
  const spare: ArrayBufferLike[] = [];
  const places = placesIn(ranges);
  const ahead: Promise<Read>[] = [];
  const begin = (): void => {
    const { value, done } = places.next();
    if (done === true) return;
    const buffer = spare.pop() ?? new SharedArrayBuffer(MARGIN + READ);
    const reading = readAt(file, path, value, Buffer.from(buffer)).then(async (bytes) => ({
      ...(await digester.digest(bytes)),
      from: value.from,
    }));
    reading.catch(() => undefined);
    ahead.push(reading);
  };
  let at = 0;
  try {
    for (let count = 0; count < AHEAD; count += 1) begin();
    for (let reading = ahead.shift(); reading; reading = ahead.shift()) {
      const { from, bytes, digests } = await reading;
      begin();
      const zeros = (from - at) / CHUNK;
      at = from + bytes.length;
      yield {
        zeros,
        bytes,
        digests,
        free: () => {
          spare.push(bytes.buffer);
        },
      };
    }
    const zeros = Math.ceil((size - at) / CHUNK);
    if (zeros > 0) yield { zeros, bytes: NOTHING, digests: NOTHING, free: () => undefined };
  } finally {
    await Promise.allSettled(ahead);
    await file.close();
  }
}

/** Stretches that are read at once. */
function* placesIn(ranges: readonly Range[]): Generator<Range, undefined> {
  for (const { from, to } of ranges)
    for (let at = from; at < to; at += READ) yield { from: at, to: Math.min(to, at + READ) };
  return undefined;
}

interface Read extends Digested {
  readonly from: number;
}

async function readAt(file: FileHandle, path: string, { from, to }: Range, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  try {
    while (length < to - from) {
      const { bytesRead } = await file.read(buffer, MARGIN + length, to - from - length, from + length);
      if (bytesRead === 0) throw failure('MLN_IO', `${path} became shorter while it was sent`, { hint: 'try again' });
      length += bytesRead;
    }
  } catch (error) {
    throw systemFailure(error, `${path} cannot be read`);
  }
  return buffer.subarray(MARGIN, MARGIN + length);
}

/** Whether a chunk is nothing but zeros. */
export function isZeros(chunk: Buffer): boolean {
  return chunk[0] === 0 && chunk.equals(chunk.length === CHUNK ? ZEROS : ZEROS.subarray(0, chunk.length));
}
