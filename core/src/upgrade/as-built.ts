import { decide } from '../decide.js';
import { earlierNames } from '../diff.js';
import type { Disk, Host, Project } from '../project.js';
import { serverOf } from '../servers.js';

/** What a project that is built is to be: decided, at the same home and in the same folder, with its disks as an upgrade leaves them. */
export function targetOf(previous: Project, fresh: Project, anew: readonly string[]): Project {
  const { home, directory } = previous;
  return asBuilt(decide({ ...fresh, home, directory }, previous), previous, anew);
}

/**
 * A project with its disks as an upgrade leaves them: one that was to share its template's image, and is whole, stays whole;
 * one that stands on an image goes on doing so. Hosts whose disks are made anew are as they were resolved.
 */
export function asBuilt(project: Project, previous: Project, anew: readonly string[]): Project {
  const nameBefore = earlierNames(previous.hosts, project.hosts);
  const before = new Map(previous.hosts.map((host) => [host.name, host]));
  const hosts = project.hosts.map((host): Host => {
    const old = before.get(nameBefore(host) ?? host.name);
    if (!old || anew.includes(host.name)) return host;
    const root = old.disks.find(({ role }) => role === 'root');
    const moves = serverOf(old, previous) !== serverOf(host, project);
    const disks = host.disks.map((disk) => (disk.role === 'root' && root ? asItWas(disk, root, moves) : disk));
    return { ...host, disks };
  });
  return { ...project, hosts };
}

function asItWas(disk: Disk, old: Disk, moves: boolean): Disk {
  const { share, standsOn, ...own } = disk;
  if ((!share && standsOn === undefined) || old.existing) return disk;
  // It travels whole.
  if (moves) return { ...own, store: 'file' };
  // What a disk of another server stands on is not known here.
  const below = old.share ? { share: old.share } : old.standsOn === undefined ? {} : { standsOn: old.standsOn };
  return { ...own, ...below, store: old.store };
}
