import type { Mln } from './kernel.js';
import type { Project, Unit } from './project.js';
import { unknownStatus, type Status } from './status.js';

/** The state of the world for these units, by name; what nobody knows is unknown. */
export async function statusesOf(
  mln: Mln,
  project: Project,
  units: readonly Unit[],
): Promise<ReadonlyMap<string, Status>> {
  const unknown = new Map(units.map((unit) => [unit.name, unknownStatus]));
  return units.length === 0 ? unknown : mln.hooks.monitor.promise(unknown, units, project);
}
