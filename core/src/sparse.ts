import { systemFailure } from './errors.js';
import type { Stretch } from './filesystem.js';
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';

/** Bytes of one block: what is looked at for being all zeros. */
const BLOCK = 4096;

/** Bytes that are read at once, of an image that is looked through. */
const PIECE = 256 * BLOCK;
/** Of so many images what they hold is remembered: as many templates as a project has. */
const REMEMBERED = 16;

/** The stretches of images that are not all zeros. */
const known = new Map<string, readonly Stretch[]>();

/** Writes a copy of a small image, with holes where the image has zeros. The image is read once, however many copies are made. */
export function copySmallImage(image: string, copy: string): void {
  const { mtimeMs, size } = statSync(image);
  const key = `${image}\0${mtimeMs}\0${size}`;
  const runs = known.get(key) ?? runsOf(readFileSync(image));
  if (known.size >= REMEMBERED) known.clear();
  known.set(key, runs);
  const file = openSync(copy, 'wx', 0o600);
  try {
    for (const { at, bytes } of runs) writeAll(file, bytes, at);
    ftruncateSync(file, size);
  } finally {
    closeSync(file);
  }
}

/** Writes stretches into an image or device; brings them onto the physical disk where that is asked for. */
export function writeStretches(path: string, stretches: readonly Stretch[], sync = false): void {
  try {
    const file = openSync(path, 'r+');
    try {
      for (const { at, bytes } of stretches) writeAll(file, bytes, at);
      if (sync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw systemFailure(error, `${path} cannot be written`);
  }
}

/** Gives the parts of an image that are not zeros alone, in whole blocks, in ascending order. */
export function* heldRanges(path: string): Generator<{ at: number; length: number }> {
  const zeros = Buffer.alloc(PIECE);
  for (const { at, bytes } of piecesOf(path)) yield* differing(at, bytes, zeros);
}

/** Gives the parts, in whole blocks, in which two images of one size differ, as the second one has them. */
export function* differences(one: string, other: string): Generator<Stretch> {
  const others = piecesOf(other);
  for (const { at, bytes } of piecesOf(one)) {
    const { value } = others.next() as IteratorYieldResult<Stretch>;
    for (const range of differing(at, bytes, value.bytes)) {
      const from = range.at - at;
      yield { at: range.at, bytes: Buffer.from(value.bytes.subarray(from, from + range.length)) };
    }
  }
}

/** What is otherwise in an image or device than in a stretch, in whole blocks. */
export function changedIn(path: string, { at, bytes }: Stretch): readonly Stretch[] {
  const file = openSync(path, 'r');
  try {
    const now = Buffer.alloc(bytes.length);
    readSync(file, now, 0, now.length, at);
    return [...differing(at, bytes, now)].map((range) => ({
      at: range.at,
      bytes: bytes.subarray(range.at - at, range.at - at + range.length),
    }));
  } finally {
    closeSync(file);
  }
}

/** The content of an image or device; a piece counts until the next. */
function* piecesOf(path: string): Generator<Stretch> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(PIECE);
    for (let at = 0; ;) {
      let read = 0;
      for (let more = -1; more !== 0 && read < PIECE; read += more)
        more = readSync(file, buffer, read, PIECE - read, at + read);
      if (read === 0) return;
      yield { at, bytes: buffer.subarray(0, read) };
      at += read;
    }
  } finally {
    closeSync(file);
  }
}

/** The blocks in which bytes that stand at a place differ from others. */
function* differing(at: number, bytes: Buffer, others: Buffer): Generator<{ at: number; length: number }> {
  if (bytes.equals(others.subarray(0, bytes.length))) return;
  for (let block = 0; block < bytes.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, bytes.length);
    if (!bytes.subarray(block, end).equals(others.subarray(block, end))) yield { at: at + block, length: end - block };
  }
}

function runsOf(image: Buffer): Stretch[] {
  const zeros = Buffer.alloc(BLOCK);
  const runs: Stretch[] = [];
  let begin: number | null = null;
  for (let at = 0; at < image.length; at += BLOCK) {
    const block = image.subarray(at, at + BLOCK);
    const empty = zeros.subarray(0, block.length).equals(block);
    if (empty && begin !== null) runs.push({ at: begin, bytes: image.subarray(begin, at) });
    if (empty) begin = null;
    else begin ??= at;
  }
  if (begin !== null) runs.push({ at: begin, bytes: image.subarray(begin) });
  // Keeps what is needed, not the whole image.
  return runs.map(({ at, bytes }) => ({ at, bytes: Buffer.from(bytes) }));
}

function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(file, bytes, written, bytes.length - written, at + written);
}
