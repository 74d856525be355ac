import { failure } from '@mln/core';
import { foreign, hasTags } from './tags.js';
import type { Volume } from './volumes.js';

/** Throws where a volume has not these tags: it is a stranger's. */
export function requireOurs(volume: Volume, tags: readonly string[]): void {
  if (hasTags(volume, tags)) return;
  throw failure('MLN_NOT_OURS', foreign(volume), {
    hint: `nothing was changed; lvrename ${volume.group} ${volume.name} NAME makes room, or choose another name for the host`,
  });
}

/** The error for a volume that is not there. */
export function missing(group: string, name: string): Error {
  return failure('MLN_NO_FILE', `there is no volume ${group}/${name}`, { hint: 'mln lvm list shows those of mln' });
}
