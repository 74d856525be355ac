import type { Shell } from '@mln/core';
import { runLvm, sizeArgument } from './volumes.js';

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
  if (pool === null) await shell('blkdiscard', ['--zeroout', device]);
  if (image !== null)
    await shell('dd', [`if=${image}`, `of=${device}`, 'bs=1M', 'conv=sparse,notrunc,nocreat,fsync', 'status=none']);
}

/** The arguments that give a new volume tags. */
export function tagging(tags: readonly string[]): readonly string[] {
  return tags.flatMap((tag) => ['--addtag', tag]);
}
