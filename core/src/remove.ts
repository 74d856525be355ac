import type { Mln } from './kernel.js';
import type { Project } from './project.js';

/** Removes the disks that mln has made outside the project's folder; those inside go with it. */
export async function removeDisks(mln: Mln, project: Project): Promise<void> {
  for (const host of project.hosts)
    for (const disk of host.disks.filter((each) => !each.existing)) {
      const store = mln.hooks.disk.call(disk, host, project);
      if (store?.inside === false && (await store.exists())) await store.remove();
    }
}
