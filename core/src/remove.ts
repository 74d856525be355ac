import type { Mln } from './kernel.js';
import type { Host, Project } from './project.js';
import type { Store } from './store.js';

/** Removes the disks that mln has made for a project outside its folder, but for those that another has as well. */
export async function removeDisks(mln: Mln, project: Project | null, except: Project | null): Promise<void> {
  const kept = new Set(storesOutside(mln, except).map(({ path }) => path));
  for (const store of storesOutside(mln, project))
    if (!kept.has(store.path) && (await store.exists())) await store.remove();
}

/** The part of a project that has disks outside its folder; null where none has. */
export function partOutside(mln: Mln, project: Project): Project | null {
  const hosts = project.hosts.filter((host) => storesOf(mln, host, project).length > 0);
  return hosts.length === 0 ? null : { ...project, hosts, switches: [], hookBlocks: {} };
}

function storesOutside(mln: Mln, project: Project | null): readonly Store[] {
  return project ? project.hosts.flatMap((host) => storesOf(mln, host, project)) : [];
}

function storesOf(mln: Mln, host: Host, project: Project): readonly Store[] {
  return host.disks.flatMap((disk) => {
    const store = disk.existing ? undefined : mln.hooks.disk.call(disk, host, project);
    return store?.inside === false ? [store] : [];
  });
}
