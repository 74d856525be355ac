import { Problems } from './errors.js';
import type { Mln } from './kernel.js';
import type { Plan } from './plan.js';
import type { Project } from './project.js';
import type { Room } from './store.js';
import { formatSize } from './values.js';

/** Throws MLN_NO_SPACE, before anything is made, where the disks of a plan take more than is free. */
export async function requireRoom(
  { hooks }: Pick<Mln, 'hooks'>,
  { units }: Pick<Plan, 'units'>,
  project: Project,
): Promise<void> {
  const places = new Map<string, Room[]>();
  for (const { unit, disks } of units)
    for (const { disk, template, size } of disks) {
      const store = disk.existing || unit.kind !== 'host' ? undefined : hooks.disk.call(disk, unit, project);
      const room = store?.room?.(template?.path ?? null, size);
      if (room) places.set(room.from, [...(places.get(room.from) ?? []), room]);
    }
  const problems = new Problems();
  for (const [from, rooms] of places) {
    const once = new Map(rooms.flatMap(({ shared }) => (shared ? [[shared.name, shared]] : [])));
    let takes = rooms.reduce((sum, room) => sum + room.takes, 0);
    for (const each of once.values()) takes += await each.takes();
    const free = (await rooms[0]?.free()) ?? 0;
    if (takes > free)
      problems.error('MLN_NO_SPACE', `${from} has ${formatSize(free)} free, and the disks take ${formatSize(takes)}`, {
        hint: 'nothing was changed; what a build replaces is there until the new one is whole',
      });
  }
  problems.throwErrors();
}
