import { isName, type Disk, type Host, type View } from '@mln/core';

/**
 * A host's disk as it is to be kept: over an image of the project's own that `cow_filesystem` names; else over its
 * template, where the plug-in's option says so and the disk is to be as large. `cow_filesystem no` is a disk of its own.
 */
export function withSharing(host: Host, disk: Disk, block: View, cow: boolean): Disk {
  const named = host.keywords['cow_filesystem'];
  if (disk.role !== 'root') return disk;
  if (named !== undefined && named !== 'no') {
    const image = String(named);
    const bad = (code: string, message: string): void => {
      block.error(code, `${host.name}: ${message}`, 'cow_filesystem');
    };
    if (!isName(image)) bad('MLN_BAD_NAME', `${JSON.stringify(image)} cannot be the name of an image`);
    if (disk.existing) bad('MLN_BAD_VALUE', 'the disk is an existing filesystem, or copy-on-write, but not both');
    return { ...disk, store: 'cow', share: { image } };
  }
  const asTemplate = disk.size === null && disk.freeSpace === null;
  if (named === 'no' || !cow || disk.existing || disk.store !== 'file' || !asTemplate) return disk;
  return { ...disk, store: 'cow', share: { image: null } };
}
