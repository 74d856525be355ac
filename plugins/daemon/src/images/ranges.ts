import type { Shell } from '@mln/core';
import { CHUNK } from './wire.js';

/** A stretch of an image, in bytes; `to` is behind it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Bytes of a file below which it takes longer to ask where its holes are than to read them. */
const SMALL = 4 * 1024 * 1024;

/**
 * Where an image may have something else than zeros, in whole chunks. Node has no SEEK_DATA, and to read holes takes a
 * second for each GiB: filefrag(8) asks the filesystem for all extents at once (FIEMAP), after it has brought to the disk
 * what is still to be written. Where the filesystem knows no extents (tmpfs), or it is a device, that is all of it.
 */
export async function dataRanges(shell: Shell, path: string, size: number): Promise<readonly Range[]> {
  const whole = size === 0 ? [] : [{ from: 0, to: size }];
  if (size < SMALL) return whole;
  try {
    const { stdout } = await shell('filefrag', ['-s', '-e', '-v', '-b1', '--', path]);
    return /\d extents? found/.test(stdout) ? joined(extentsIn(stdout), size) : whole;
  } catch {
    return whole;
  }
}

/** Lines such as `   0:        0..  262143:   34816..   296959: 262144:             last,eof`. */
function extentsIn(text: string): readonly Range[] {
  return [...text.matchAll(/^\s*\d+:\s+(\d+)\.\.\s*(\d+):/gm)].map(([, from = '0', to = '0']) => ({
    from: Number(from),
    to: Number(to) + 1,
  }));
}

function joined(extents: readonly Range[], size: number): readonly Range[] {
  const ranges: { from: number; to: number }[] = [];
  for (const { from, to } of [...extents].sort((one, other) => one.from - other.from)) {
    const begin = from - (from % CHUNK);
    const end = Math.min(size, Math.ceil(to / CHUNK) * CHUNK);
    const last = ranges.at(-1);
    if (begin >= end) continue;
    if (last && begin <= last.to) last.to = Math.max(last.to, end);
    else ranges.push({ from: begin, to: end });
  }
  return ranges;
}
