import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure } from '../errors.js';
import { makeFolder, syncFolder } from '../files.js';
import type { Stretch } from '../filesystem.js';

/*
 * What edits overwrite on a disk is kept in a file: a header of 64 bytes, and pieces, each as where it begins and how long
 * it is (8 bytes each) and what stood there. The header holds at 0 a word, at 8 the number of pieces, at 16 the bytes of
 * the disk, at 24 whether all of the disk that is not zeros is kept (1) or what was overwritten alone (0), and at 32 a
 * SHA-256 of its first half and of all pieces. It is written last: a file that is not whole is known. Numbers are
 * little-endian.
 */

const WORD = Buffer.from('mln-undo');
const HEADER = 64;
const NUMBERS = 32;
const PIECE_HEADER = 16;
/** Bytes that are handed on at once at most. */
const MOST = 4 * 1024 * 1024;

/** A part of a disk, in bytes. */
export interface Range {
  readonly at: number;
  readonly length: number;
}

/** What an undo file keeps. */
export interface Undo {
  /** Bytes of the disk. */
  readonly size: number;
  /** What is not in the pieces was zeros. */
  readonly whole: boolean;
  pieces(): AsyncGenerator<Stretch>;
  close(): Promise<void>;
}

/** Keeps parts of a disk in an undo file, and brings it onto the physical disk. */
export async function writeUndo(
  path: string,
  disk: { readonly path: string; readonly size: number },
  ranges: Iterable<Range>,
  whole: boolean,
): Promise<void> {
  await makeFolder(dirname(path));
  const from = await open(disk.path, 'r');
  try {
    const to = await open(path, 'w', 0o600);
    try {
      await writePieces(from, to, disk, { ranges, whole });
      await to.sync();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  for (const folder of [dirname(path), dirname(dirname(path))]) await syncFolder(folder);
}

async function writePieces(
  from: FileHandle,
  to: FileHandle,
  disk: { readonly path: string; readonly size: number },
  { ranges, whole }: { readonly ranges: Iterable<Range>; readonly whole: boolean },
): Promise<void> {
  const hash = createHash('sha256');
  let count = 0;
  let end = HEADER;
  for (const range of ranges)
    for (let done = 0; done < range.length; done += MOST) {
      const piece = Buffer.alloc(PIECE_HEADER + Math.min(MOST, range.length - done));
      piece.writeBigUInt64LE(BigInt(range.at + done), 0);
      piece.writeBigUInt64LE(BigInt(piece.length - PIECE_HEADER), 8);
      if (!(await readAt(from, piece.subarray(PIECE_HEADER), range.at + done)))
        throw failure('MLN_IO', `${disk.path} ends amid what is to be overwritten in it`);
      hash.update(piece);
      await writeAt(to, piece, end);
      end += piece.length;
      count += 1;
    }
  const numbers = Buffer.alloc(NUMBERS);
  WORD.copy(numbers);
  numbers.writeBigUInt64LE(BigInt(count), 8);
  numbers.writeBigUInt64LE(BigInt(disk.size), 16);
  numbers.writeUInt8(whole ? 1 : 0, 24);
  await writeAt(to, Buffer.concat([numbers, hash.update(numbers).digest()]), 0);
}

/** Opens an undo file; null where there is none, or it is not whole. */
export async function openUndo(path: string): Promise<Undo | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (!file) return null;
  const header = Buffer.alloc(HEADER);
  const numbers = header.subarray(0, NUMBERS);
  const hash = createHash('sha256');
  if (
    !(await readAt(file, header, 0)) ||
    !numbers.subarray(0, WORD.length).equals(WORD) ||
    !(await hashPieces(file, Number(numbers.readBigUInt64LE(8)), hash)) ||
    !hash.update(numbers).digest().equals(header.subarray(NUMBERS))
  ) {
    await file.close();
    return null;
  }
  return {
    size: Number(numbers.readBigUInt64LE(16)),
    whole: numbers.readUInt8(24) === 1,
    async *pieces() {
      const count = Number(numbers.readBigUInt64LE(8));
      let at = HEADER;
      for (let index = 0; index < count; index += 1) {
        const piece = await readPiece(file, at);
        if (!piece) return;
        at += piece.length;
        yield { at: Number(piece.readBigUInt64LE(0)), bytes: piece.subarray(PIECE_HEADER) };
      }
    },
    close: () => file.close(),
  };
}

async function hashPieces(file: FileHandle, count: number, hash: Hash): Promise<boolean> {
  let at = HEADER;
  for (let index = 0; index < count; index += 1) {
    const piece = await readPiece(file, at);
    if (!piece) return false;
    hash.update(piece);
    at += piece.length;
  }
  return true;
}

/** A piece with its own header; null where there is no whole one. */
async function readPiece(file: FileHandle, at: number): Promise<Buffer | null> {
  const head = Buffer.alloc(PIECE_HEADER);
  if (!(await readAt(file, head, at))) return null;
  const length = head.readBigUInt64LE(8);
  if (length > MOST) return null;
  const bytes = Buffer.alloc(Number(length));
  return (await readAt(file, bytes, at + PIECE_HEADER)) ? Buffer.concat([head, bytes]) : null;
}

/** Tells whether there were as many bytes. */
async function readAt(file: FileHandle, bytes: Buffer, at: number): Promise<boolean> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}
