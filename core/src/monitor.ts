import type { Mln } from './kernel.js';
import { unitsOf, type Project, type Unit } from './project.js';
import { isHere } from './servers.js';
import { unknownStatus, type Look, type Status } from './status.js';

/** The state of the world for these units, by name; what nobody knows is unknown. */
export async function statusesOf(
  mln: Mln,
  project: Project,
  units: readonly Unit[],
  look: Look = { usage: false },
): Promise<ReadonlyMap<string, Status>> {
  const unknown = new Map(units.map((unit) => [unit.name, unknownStatus]));
  return units.length === 0 ? unknown : mln.hooks.monitor.promise(unknown, units, project, look);
}

/** The units of a project (`here`: those on this machine) that run, or of whose hosts it is not known that they do not. A switch of others may go on. */
export async function runningUnits(mln: Mln, project: Project, here = false): Promise<readonly string[]> {
  const units = unitsOf(project).filter((unit) => !here || isHere(mln, unit, project));
  const statuses = await statusesOf(mln, project, units);
  const runs = ({ kind, name }: Unit): boolean => {
    const state = statuses.get(name)?.state;
    return state === 'up' || (kind === 'host' && state !== 'down');
  };
  return units.filter(runs).map(({ name }) => name);
}
