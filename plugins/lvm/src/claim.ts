import { failure, type Disk, type Host, type Project, type View } from '@mln/core';
import { isGroupName, refusal } from './names.js';

export interface Options {
  /** The volume group of hosts that name none. */
  readonly volumeGroup?: string;
  /** The thin pool that volumes are taken from; without one they are thick. */
  readonly thinPool?: string;
}

/** The volume group that the original tool took. */
export const USUAL_GROUP = 'mln-images';
const hint = 'a name has letters, digits, +, _, . and -, and does not begin with -';

/**
 * Gives the disks that mln makes to LVM: the root volume is called HOST.PROJECT, that of the swap disk
 * HOST.PROJECT-swap. The group stands under the keyword lvm_vg, whoever has named it, and the pool under lvm_thin_pool.
 */
export function claimDisks(
  host: Host,
  block: View,
  project: Project,
  { volumeGroup = USUAL_GROUP, thinPool }: Options,
): Host {
  const group = String(host.keywords['lvm_vg'] ?? volumeGroup);
  if (!isGroupName(group)) {
    block.error('MLN_BAD_VALUE', `lvm_vg ${group}: not the name of a volume group`, 'lvm_vg', hint);
    return host;
  }
  const disks = host.disks.map((disk) => (disk.existing ? disk : claimDisk(disk, host, group, project)));
  return {
    ...host,
    disks,
    keywords: { ...host.keywords, lvm_vg: group, ...(thinPool === undefined ? {} : { lvm_thin_pool: thinPool }) },
  };
}

function claimDisk(disk: Disk, host: Host, group: string, project: Project): Disk {
  const place = host.place ?? undefined;
  if (disk.store !== 'file')
    throw failure('MLN_TWO_CLAIMS', `both ${disk.store} and lvm claim a disk of ${host.name}`, { place });
  const path = `${host.name}.${project.name}${disk.role === 'root' ? '' : `-${disk.role}`}`;
  const reason = refusal(group, path);
  if (reason !== null)
    throw failure('MLN_UNSUPPORTED', `${host.name}: ${path} cannot be a volume: ${reason}`, {
      place,
      hint: 'choose another name for the host',
    });
  return { ...disk, store: 'lvm', path };
}
