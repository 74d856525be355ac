import type { Look, Mln, Project, Status, Unit } from '@mln/core';
import type { Options } from '../options.js';

/** Asks other servers what runs of a project's units that are there. */
export function monitorThere(
  _mln: Mln,
  _options: Options,
  statuses: ReadonlyMap<string, Status>,
  _units: readonly Unit[],
  _project: Project,
  _look: Look,
): Promise<ReadonlyMap<string, Status>> {
  return Promise.resolve(statuses);
}
