import type { Host, Mln, Project } from '@mln/core';

/** A host as its scripts see it: a disk that its store keeps outside the project's folder is there like an existing one. */
export function withDisksElsewhere(host: Host, project: Project, { hooks }: Mln): Host {
  const disks = host.disks.map((disk) => {
    const store = disk.existing ? undefined : hooks.disk.call(disk, host, project);
    return store?.inside === false ? { ...disk, existing: true, path: store.path } : disk;
  });
  return { ...host, disks };
}
