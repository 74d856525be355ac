import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';

/** Bytes of one block: what is looked at for being all zeros. */
const BLOCK = 4096;

/** A stretch of an image that is not all zeros. */
interface Run {
  readonly at: number;
  readonly bytes: Buffer;
}

const known = new Map<string, readonly Run[]>();

/** Writes a copy of a small image, with holes where the image has zeros. The image is read once, however many copies are made. */
export function copySmallImage(image: string, copy: string): void {
  const { mtimeMs, size } = statSync(image);
  const key = `${image}\0${mtimeMs}\0${size}`;
  const runs = known.get(key) ?? runsOf(readFileSync(image));
  known.set(key, runs);
  const file = openSync(copy, 'wx', 0o600);
  try {
    for (const { at, bytes } of runs) writeAll(file, bytes, at);
    ftruncateSync(file, size);
  } finally {
    closeSync(file);
  }
}

function runsOf(image: Buffer): Run[] {
  const zeros = Buffer.alloc(BLOCK);
  const runs: Run[] = [];
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
