import type { Shell } from '@mln/core';
import { runLvm, sizeArgument, type Volume } from './volumes.js';

interface Making {
  readonly group: string;
  /** Null: it is thick. */
  readonly pool: string | null;
  readonly name: string;
  readonly tags: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** What it is to hold; null: zeros. */
  readonly image: string | null;
}

/** Bytes that are looked at for being zeros alone: as many as a thin pool's chunk has, so that it takes no more. */
const BLOCK = '64K';

/**
 * Makes a volume, tagged from its first moment, and writes an image onto it: where the image has zeros nothing is
 * written. A thick volume is wiped first: it holds what an earlier one left there, and a filesystem counts on the zeros
 * of its image. See docs/decisions/0020.
 */
export async function makeVolume(shell: Shell, { group, pool, name, tags, size, image }: Making): Promise<void> {
  const device = `/dev/${group}/${name}`;
  const how =
    pool === null
      ? ['--wipesignatures', 'y', '--size', sizeArgument(size)]
      : ['--virtualsize', sizeArgument(size), '--thinpool', pool];
  await runLvm(shell, 'lvcreate', ['--yes', ...how, '--name', name, ...tagging(tags), group]);
  if (pool === null) await write(shell, 'blkdiscard', ['--zeroout', device]);
  if (image === null) return;
  const conversions = 'conv=sparse,notrunc,nocreat,fsync';
  await write(shell, 'dd', [`if=${image}`, `of=${device}`, `bs=${BLOCK}`, conversions, 'status=none']);
}

/** What marks a volume whose new part is not wiped yet: where that begins, in bytes. */
const GROWS = 'mln-grows:';

/**
 * Makes a thick volume larger, and wipes what it has got. Until that is done a tag says where that begins: what a kill
 * has cut off is done when it is grown again. What is used, in bytes from the beginning, is never wiped: the filesystem
 * may have grown since.
 */
export async function growThick(shell: Shell, volume: Volume, size: number, used: number): Promise<void> {
  const { group, name, tags } = volume;
  const path = `${group}/${name}`;
  const begun = tags.find((tag) => tag.startsWith(GROWS));
  if (begun === undefined && volume.size >= size) return;
  const tag = begun ?? `${GROWS}${volume.size}`;
  if (begun === undefined) await runLvm(shell, 'lvchange', ['--addtag', tag, path]);
  if (volume.size < size) await runLvm(shell, 'lvextend', ['--size', sizeArgument(size), path]);
  const from = Math.max(Number(tag.slice(GROWS.length)), used);
  // As long as nothing has been got there is nothing to wipe, and blkdiscard takes no offset at the end.
  if (from < Math.max(volume.size, size))
    await write(shell, 'blkdiscard', ['--zeroout', '--offset', String(from), `/dev/${path}`]);
  await runLvm(shell, 'lvchange', ['--deltag', tag, path]);
}

/** Runs what writes onto a device for long; it ends with mln, and keeps the device from nobody who comes after. */
async function write(shell: Shell, program: string, args: readonly string[]): Promise<void> {
  await shell('setpriv', ['--pdeathsig', 'KILL', program, ...args]);
}

/** The arguments that give a new volume tags. */
export function tagging(tags: readonly string[]): readonly string[] {
  return tags.flatMap((tag) => ['--addtag', tag]);
}
