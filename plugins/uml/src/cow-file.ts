import { closeSync, fdatasyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { failure, type Stretch } from '@mln/core';

/*
 * A copy-on-write file of User-Mode Linux, version 3, as arch/um/drivers/cow_user.c of the kernel reads it: a header, a
 * bitmap with a bit for each sector that the file holds itself, and the sectors, each at the place that it has in the
 * image underneath. All that is not held is a hole. Numbers are big-endian.
 */

const MAGIC = 0x4f4f4f4d;
const VERSION = 3;
const SECTOR = 512;
/** What the bitmap and the sectors begin at a multiple of. */
const ALIGN = 4096;
/** Bytes of the header's numbers, and of the path behind them. */
const NUMBERS = 32;
const PATH = 4096;

interface Layout {
  readonly bitmap: number;
  readonly bitmapBytes: number;
  readonly data: number;
}

function layoutOf(size: number): Layout {
  const bitmap = aligned(NUMBERS + PATH);
  const bitmapBytes = Math.ceil(size / SECTOR / 8);
  return { bitmap, bitmapBytes, data: aligned(bitmap + bitmapBytes) };
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGN) * ALIGN;
}

/** What a header says of the image underneath. */
export interface CowHeader {
  /** As the kernel opens it: absolute, or relative to the folder that it runs in. */
  readonly image: string;
  /** Seconds since 1970; the kernel refuses an image with another time. */
  readonly mtime: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Writes a new file that stands on an image and holds these stretches. The image lies at `path` now, and its header
 * names it as `named`.
 */
export function writeCow(file: string, image: { path: string; named: string }, changes: readonly Stretch[]): void {
  const { size, mtimeMs } = statSync(image.path);
  const { bitmap, bitmapBytes, data } = layoutOf(size);
  const named = pathOf(image.named);
  const header = Buffer.alloc(NUMBERS + named.length);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(Math.floor(mtimeMs / 1000), 8);
  header.writeBigUInt64BE(BigInt(size), 12);
  header.writeUInt32BE(SECTOR, 20);
  header.writeUInt32BE(ALIGN, 24);
  named.copy(header, NUMBERS);
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeAll(fd, header, 0);
    for (const [page, bits] of bitmapPages(changes)) writeAll(fd, bits.subarray(0, bitmapBytes - page), bitmap + page);
    for (const { at, bytes } of changes) writeAll(fd, bytes, data + at);
    ftruncateSync(fd, data + size);
  } finally {
    closeSync(fd);
  }
}

/** The bytes of an image's path, without the zeros behind it. */
function pathOf(named: string): Buffer {
  const bytes = Buffer.from(named);
  if (bytes.length < PATH) return bytes;
  throw failure('MLN_IO', `the path ${named} is too long for a copy-on-write disk`);
}

/** Lets a file name the image that it stands on otherwise, and brings that onto the physical disk. */
export function renameImage(file: string, named: string): void {
  const path = Buffer.alloc(PATH);
  pathOf(named).copy(path);
  const fd = openSync(file, 'r+');
  try {
    writeAll(fd, path, NUMBERS);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes stretches, of whole sectors, into a file where it is; given is also the path of the image underneath. They are on
 * the physical disk before the bitmap says that the file holds them: a sector that it did not hold is the image's until
 * then. What is there already is not written: it may be a full disk that is put right.
 */
export function patchCow(file: string, image: string, { size }: CowHeader, stretches: readonly Stretch[]): void {
  const { bitmap, bitmapBytes, data } = layoutOf(size);
  const under = openSync(image, 'r');
  const fd = openSync(file, 'r+');
  try {
    const bits = Buffer.alloc(bitmapBytes);
    readAll(fd, bits, bitmap, file);
    const isThere = ({ at, bytes }: Stretch): boolean => {
      const own = holds(bits, at / SECTOR);
      for (let sector = at / SECTOR; sector < (at + bytes.length) / SECTOR; sector += 1)
        if (holds(bits, sector) !== own) return false;
      const now = Buffer.alloc(bytes.length);
      readAll(own ? fd : under, now, own ? data + at : at, file);
      return now.equals(bytes);
    };
    const changes = stretches.flatMap(pagesOf).filter((page) => !isThere(page));
    for (const { at, bytes } of changes) writeAll(fd, bytes, data + at);
    fdatasyncSync(fd);
    for (const [page, more] of bitmapPages(changes)) {
      const now = bits.subarray(page, page + more.length);
      for (let index = 0; index < now.length; index += 1) now[index] = (now[index] ?? 0) | (more[index] ?? 0);
      writeAll(fd, now, bitmap + page);
    }
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
    closeSync(under);
  }
}

/** Cuts a stretch where pages of the disk begin: all sectors of a page are the file's, or the image's. */
function pagesOf({ at, bytes }: Stretch): readonly Stretch[] {
  const pages: Stretch[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(from + ALIGN - ((at + from) % ALIGN), bytes.length);
    pages.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return pages;
}

/** Whether a bitmap says that the file holds a sector itself. */
function holds(bits: Buffer, sector: number): boolean {
  return ((bits[sector >> 3] ?? 0) & (1 << (sector & 7))) !== 0;
}

/** The pages of the bitmap that are not all zeros, by their place in it. */
function bitmapPages(changes: readonly Stretch[]): ReadonlyMap<number, Buffer> {
  const pages = new Map<number, Buffer>();
  for (const { at, bytes } of changes)
    for (let sector = at / SECTOR; sector < (at + bytes.length) / SECTOR; sector += 1) {
      const byte = sector >> 3;
      const page = byte - (byte % ALIGN);
      const bits = pages.get(page) ?? Buffer.alloc(ALIGN);
      pages.set(page, bits);
      bits[byte - page] = (bits[byte - page] ?? 0) | (1 << (sector & 7));
    }
  return pages;
}

/** Reads the header of a disk; null where it is no copy-on-write file. */
export function readCowHeader(file: string): CowHeader | null {
  const fd = openSync(file, 'r');
  try {
    const header = Buffer.alloc(NUMBERS + PATH);
    const length = readSync(fd, header, 0, header.length, 0);
    if (length < header.length || header.readUInt32BE(0) !== MAGIC) return null;
    if (header.readUInt32BE(4) !== VERSION || header.readUInt32BE(20) !== SECTOR || header.readUInt32BE(24) !== ALIGN)
      throw failure('MLN_BAD_STATE', `${file} is a copy-on-write file of another form than mln writes`);
    const path = header.subarray(NUMBERS);
    return {
      image: path.subarray(0, path.indexOf(0)).toString(),
      mtime: header.readUInt32BE(8),
      size: Number(header.readBigUInt64BE(12)),
    };
  } finally {
    closeSync(fd);
  }
}

/** Bytes that are handed on at once at most. */
const MOST = 1024 * 1024;

/** Gives what a copy-on-write file holds itself, piece by piece in ascending order. A piece counts until the next. */
export function* ownStretches(file: string, { size }: CowHeader): Generator<Stretch> {
  const { bitmap, bitmapBytes, data } = layoutOf(size);
  const fd = openSync(file, 'r');
  try {
    const bits = Buffer.alloc(bitmapBytes);
    readAll(fd, bits, bitmap, file);
    const buffer = Buffer.alloc(MOST);
    const sectors = Math.ceil(size / SECTOR);
    for (let sector = 0; sector < sectors; sector += 1) {
      if (bits[sector >> 3] === 0) {
        sector |= 7;
        continue;
      }
      if (!holds(bits, sector)) continue;
      const begin = sector;
      while (sector + 1 < sectors && holds(bits, sector + 1) && sector + 1 - begin < MOST / SECTOR) sector += 1;
      const at = begin * SECTOR;
      const bytes = buffer.subarray(0, Math.min((sector + 1) * SECTOR, size) - at);
      readAll(fd, bytes, data + at, file);
      yield { at, bytes };
    }
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, bytes: Buffer, at: number, file: string): void {
  for (let read = 0; read < bytes.length;) {
    const more = readSync(fd, bytes, read, bytes.length - read, at + read);
    if (more === 0) throw failure('MLN_BAD_STATE', `the copy-on-write file ${file} is cut off`);
    read += more;
  }
}

function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written, at + written);
}
