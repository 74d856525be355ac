import { Problems } from './errors.js';
import type { Mln } from './kernel.js';
import type { Plan } from './plan.js';
import type { Project } from './project.js';
import type { Room } from './store.js';
import { formatSize } from './values.js';

/** Throws MLN_NO_SPACE, before anything is made, where the disks of a plan take more than is free. */
export async function requireRoom(mln: Mln, plan: Plan, project: Project): Promise<void> {
  const shared = new Map<string, Room[]>();
  for (const { unit, disks } of plan.units)
    for (const { disk, size } of disks) {
      const store = disk.existing || unit.kind !== 'host' ? undefined : mln.hooks.disk.call(disk, unit, project);
      const room = store?.room?.(size);
      if (room) shared.set(room.from, [...(shared.get(room.from) ?? []), room]);
    }
  const problems = new Problems();
  for (const [from, rooms] of shared) {
    const takes = rooms.reduce((sum, room) => sum + room.takes, 0);
    const free = (await rooms[0]?.free()) ?? 0;
    if (takes > free)
      problems.error('MLN_NO_SPACE', `${from} has ${formatSize(free)} free, and the disks take ${formatSize(takes)}`, {
        hint: 'nothing was changed; what a build replaces is there until the new one is whole',
      });
  }
  problems.throwErrors();
}
