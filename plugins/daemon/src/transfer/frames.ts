import { failure } from '@mln/core';

/*
 * How the content of files travels. A part of one file is a row of frames, so that holes cost nothing:
 *
 *   zeros    8 bytes, big-endian: so many bytes of zeros come first
 *   length   4 bytes, big-endian
 *   bytes    so many
 *
 * Whole small files travel together, each as its SHA-256 (32 bytes), its length (4 bytes, big-endian) and its bytes.
 */

/** Parts of a file that are under way at once: one is taken while the next one travels. */
export const WINDOW = 2;
/** Bytes of content in one part. */
export const CHUNK = (4 * 1024 * 1024) / WINDOW;
/** Bytes of zeros in one part: they are to be digested, too. */
export const MOST_ZEROS = 1024 * 1024 * 1024;
/** Bytes of a file that still counts as small. */
export const SMALL = 256 * 1024;
/** Zeros are looked for in blocks of so many bytes. */
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);
const HEAD = 12;
/** Bytes of frames beside content, where every other block is a hole. */
export const MOST_HEADS = 64 * 1024;

/** A run of zeros, and the bytes behind it. */
export interface Frame {
  readonly zeros: number;
  readonly bytes: Buffer;
}

/** Parts content that begins at a whole block into zeros and bytes. */
export function framesOf(content: Buffer): Frame[] {
  const frames: Frame[] = [];
  let zeros = 0;
  let begin = -1;
  for (let at = 0; at < content.length; at += BLOCK) {
    const size = Math.min(BLOCK, content.length - at);
    const empty = content[at] === 0 && content.compare(ZEROS, 0, size, at, at + size) === 0;
    if (!empty && begin < 0) begin = at;
    if (empty && begin >= 0) {
      frames.push({ zeros, bytes: content.subarray(begin, at) });
      zeros = 0;
      begin = -1;
    }
    if (empty) zeros += size;
  }
  if (begin >= 0) frames.push({ zeros, bytes: content.subarray(begin) });
  else if (zeros > 0) frames.push({ zeros, bytes: content.subarray(0, 0) });
  return frames;
}

/** How frames travel. */
export function writeFrames(frames: readonly Frame[]): Buffer[] {
  return frames.flatMap(({ zeros, bytes }) => {
    const head = Buffer.alloc(HEAD);
    head.writeBigUInt64BE(BigInt(zeros), 0);
    head.writeUInt32BE(bytes.length, 8);
    return bytes.length === 0 ? [head] : [head, bytes];
  });
}

/** How a small file travels. */
export function writeSmall(sha256: string, bytes: Buffer): Buffer[] {
  const head = Buffer.alloc(36);
  head.write(sha256, 0, 'hex');
  head.writeUInt32BE(bytes.length, 32);
  return [head, bytes];
}

/** Reads a stream in pieces of sizes that are asked for. */
export interface Pieces {
  /** So many bytes; null at the end of the stream. Throws MLN_BAD_REQUEST where it ends amid them. */
  exactly(size: number): Promise<Buffer | null>;
  /** What is there, at most so many bytes and at least one. */
  atMost(size: number): Promise<Buffer>;
}

/** Reads a stream; no more of it is kept than one of its chunks. */
export function piecesOf(stream: AsyncIterable<unknown>): Pieces {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return false;
      rest = next.value as Buffer;
    }
    return true;
  };
  const take = (size: number): Buffer => {
    const taken = rest.subarray(0, size);
    rest = rest.subarray(taken.length);
    return taken;
  };
  const atMost = async (size: number): Promise<Buffer> => {
    if (await more()) return take(size);
    throw failure('MLN_BAD_REQUEST', 'what was sent ends amid a file');
  };
  return {
    atMost,
    async exactly(size) {
      if (!(await more())) return null;
      const found = [take(size)];
      for (let length = found[0]?.length ?? 0; length < size;) {
        const next = await atMost(size - length);
        found.push(next);
        length += next.length;
      }
      return found.length === 1 ? (found[0] ?? null) : Buffer.concat(found);
    },
  };
}

/** Reads the head of a frame; null at the end. */
export async function readHead(pieces: Pieces): Promise<{ readonly zeros: number; readonly length: number } | null> {
  const head = await pieces.exactly(HEAD);
  if (head === null) return null;
  const zeros = head.readBigUInt64BE(0);
  return { zeros: zeros > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(zeros), length: head.readUInt32BE(8) };
}

/** Reads the head of a small file; null at the end. */
export async function readSmallHead(
  pieces: Pieces,
): Promise<{ readonly sha256: string; readonly length: number } | null> {
  const head = await pieces.exactly(36);
  return head && { sha256: head.toString('hex', 0, 32), length: head.readUInt32BE(32) };
}
