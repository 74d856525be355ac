import { failure, type Stretch } from '@mln/core';

/*
 * What a program of e2fsprogs overwrites it can keep in an undo file, see e2undo(8). Its form is that of undo_io.c in
 * their lib/ext2fs: a header, then blocks of keys, each followed by the bytes that its keys name. Numbers are
 * little-endian.
 */

const MAGIC = 'E2UNDO02';
const KEYS_MAGIC = 0xcadecade;
/** Bytes of the header's numbers that are read. */
const HEADER = 48;
/** Bytes of a key, and of what a block of keys begins with. */
const KEY = 16;
const FINISHED = 1;

/** What stood where a program has written, in ascending order; null where it could not write its file to the end. */
export function readUndoFile(file: Buffer): readonly Stretch[] | null {
  // The header comes last: without it there is a hole.
  if (file.length < HEADER || file.subarray(0, 8).equals(Buffer.alloc(8))) return null;
  if (file.subarray(0, 8).toString('latin1') !== MAGIC) throw damaged();
  if ((file.readUInt32LE(44) & FINISHED) === 0) return null;
  const keyCount = Number(file.readBigUInt64LE(8));
  const blockSize = file.readUInt32LE(32);
  const filesystemBlock = file.readUInt32LE(36);
  const stretches: Stretch[] = [];
  let offset = Number(file.readBigUInt64LE(24)) * blockSize;
  while (stretches.length < keyCount) {
    if (file.readUInt32LE(offset) !== KEYS_MAGIC) throw damaged();
    const here = Math.min(keyCount - stretches.length, blockSize / KEY - 1);
    let data = offset + blockSize;
    for (let index = 1; index <= here; index += 1) {
      const key = offset + index * KEY;
      const size = file.readUInt32LE(key + 12);
      stretches.push({
        at: Number(file.readBigUInt64LE(key)) * filesystemBlock,
        bytes: file.subarray(data, data + size),
      });
      data += Math.ceil(size / blockSize) * blockSize;
    }
    offset = data;
  }
  return stretches.sort((one, other) => one.at - other.at);
}

function damaged(): Error {
  return failure('MLN_GUEST_EDIT', 'debugfs has written an undo file of an unknown form', {
    hint: 'mln knows the undo files of e2fsprogs 1.43 and later',
  });
}
