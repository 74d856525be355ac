import { failure, type Disk, type Host, type Project } from '@mln/core';

export interface Options {
  /** The volume group of hosts that name none. */
  readonly volumeGroup?: string;
}

/** The volume group that the original tool took. */
const USUAL_GROUP = 'mln-images';

/** Gives the disks that mln makes to LVM: the volume is called HOST.PROJECT, that of the swap disk HOST.PROJECT-swap. */
export function claimDisks(host: Host, project: Project, options: Options): Host {
  const group = String(host.keywords['lvm_vg'] ?? options.volumeGroup ?? USUAL_GROUP);
  if (!isVolumeName(group))
    throw failure('MLN_BAD_VALUE', `${host.name}: ${JSON.stringify(group)} cannot be a volume group`, {
      place: host.place ?? undefined,
      hint: 'lvm(8): letters, digits, +, _, . and -, none of them - at the beginning',
    });
  const disks = host.disks.map((disk) => claimDisk(disk, host, project));
  return { ...host, disks, keywords: { ...host.keywords, lvm_vg: group } };
}

function claimDisk(disk: Disk, host: Host, project: Project): Disk {
  if (disk.existing) return disk;
  if (disk.store !== 'file' && disk.store !== 'lvm')
    throw failure('MLN_TWO_CLAIMS', `both ${disk.store} and lvm claim a disk of ${host.name}`, {
      place: host.place ?? undefined,
    });
  const name = `${host.name}.${project.name}`;
  return { ...disk, store: 'lvm', path: disk.role === 'root' ? name : `${name}-${disk.role}` };
}

/** What LVM allows as a name, see lvm(8). */
function isVolumeName(name: string): boolean {
  return /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}$/.test(name) && name !== '.' && name !== '..';
}
