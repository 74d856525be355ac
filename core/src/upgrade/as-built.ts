import type { Disk, Host, Project } from '../project.js';

/**
 * A project with its disks as an upgrade leaves them: one that was to share its template's image, and is whole, stays whole;
 * one that stands on an image goes on doing so. Hosts whose disks are made anew are as they were resolved.
 */
export function asBuilt(project: Project, previous: Project, anew: readonly string[]): Project {
  const before = new Map(previous.hosts.map((host) => [host.name, host]));
  const hosts = project.hosts.map((host): Host => {
    const was = host.keywords['was'];
    const old = before.get(host.name) ?? (typeof was === 'string' ? before.get(was) : undefined);
    if (!old || anew.includes(host.name)) return host;
    const root = old.disks.find(({ role }) => role === 'root');
    return { ...host, disks: host.disks.map((disk) => (disk.role === 'root' && root ? asItWas(disk, root) : disk)) };
  });
  return { ...project, hosts };
}

function asItWas(disk: Disk, old: Disk): Disk {
  const { share, ...own } = disk;
  if (!share || old.existing) return disk;
  if (old.standsOn !== undefined) return { ...own, standsOn: old.standsOn };
  return { ...own, store: old.store };
}
