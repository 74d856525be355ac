import { systemFailure } from './errors.js';
import type { Stretch } from './filesystem.js';
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';

/** Bytes of one block: what is looked at for being all zeros. */
const BLOCK = 4096;

/** The stretches of images that are not all zeros. */
const known = new Map<string, readonly Stretch[]>();

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

/** Writes stretches into an image or device. */
export function writeStretches(path: string, stretches: readonly Stretch[]): void {
  try {
    const file = openSync(path, 'r+');
    try {
      for (const { at, bytes } of stretches) writeAll(file, bytes, at);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw systemFailure(error, `${path} cannot be written`);
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
