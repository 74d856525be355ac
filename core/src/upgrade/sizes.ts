import { failure } from '../errors.js';
import type { Disk, Host } from '../project.js';
import type { TemplateRecord } from '../state.js';
import { formatSize } from '../values.js';

/** Filesystems have whole blocks. */
const BLOCK = 4096;

/**
 * How many bytes a host's root disk is to have, which has so many now. Stores round up, and disks were resized by hand: so
 * what the project says is followed where it says something else than before.
 */
export function sizeAfter(
  host: Host,
  disk: Disk,
  old: { readonly disk: Disk; readonly bytes: number; readonly template: TemplateRecord | undefined },
  shrinks: boolean,
): number {
  const { bytes, template } = old;
  if (disk.size === old.disk.size && disk.freeSpace === old.disk.freeSpace) return bytes;
  const base = template?.size ?? bytes - (old.disk.freeSpace ?? 0);
  const declared = ({ size, freeSpace }: Disk): number =>
    Math.ceil(Math.max(freeSpace === null ? (size ?? base) : base + freeSpace, template?.size ?? 0) / BLOCK) * BLOCK;
  const [wanted, before] = [declared(disk), declared(old.disk)];
  if (wanted >= before) return Math.max(wanted, bytes);
  if (shrinks) return wanted;
  throw failure(
    'MLN_DATA_LOSS',
    `${host.name}: its disk has ${formatSize(bytes)}, and is to have ${formatSize(wanted)}: it is not made smaller unasked`,
    { place: host.lines?.size ?? host.place ?? undefined, hint: `--shrink ${host.name}, once it is known to fit` },
  );
}
