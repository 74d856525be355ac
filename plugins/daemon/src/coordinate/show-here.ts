import { Exit, isHere, loadChoosing, loadOperating, serversOf, table, unitsOf, unknownStatus } from '@mln/core';
import type { ExitCode, Mln, Project } from '@mln/core';
import { projectsHere } from '../fleet/projects.js';
import { guestFolders } from '../operations/guest-user.js';
import { placesOf } from '../options.js';
import { keptHere } from './homes.js';
import type { Called } from './verbs.js';

/** `mln status` of projects that lie here, in whichever folder: those of users whose guests run here, too. */
export async function statusHere(called: Called): Promise<ExitCode> {
  const { mln, options, context, args, given, next } = called;
  const name = typeof given['project'] === 'string' ? given['project'] : args[0];
  if (name === undefined) {
    const projects = await projectsOfAll(called);
    return projects === null ? next(context, args, given) : statusOf(called, projects);
  }
  const folder = (await keptHere(mln, options, name))?.folder ?? null;
  if (folder === null || folder === mln.folders.projects) return next(context, args, given);
  return next({ ...context, mln: lookingIn(context.mln, folder) }, args, given);
}

/** `mln list`, of all these folders. */
export async function listHere(called: Called): Promise<ExitCode> {
  const { context, args, given, next } = called;
  const projects = await projectsOfAll(called);
  if (projects === null) return next(context, args, given);
  const items = projects.map(({ name, directory }) => ({ name, folder: directory }));
  if (given['json'] === true) context.terminal.json({ apiVersion: 'mln/v1', kind: 'ProjectList', items });
  else context.terminal.print(table(items.map(({ name, folder }) => [name, folder])));
  return Exit.done;
}

/** All projects that lie here, where any lies in a folder of others; null: the verb itself sees all there are. */
async function projectsOfAll({ mln, options }: Called): Promise<readonly Project[] | null> {
  const own = mln.folders.projects;
  const others = await guestFolders(placesOf(options, mln.folders));
  if (others.length === 0) return null;
  const projects = await projectsHere({ projectFolders: () => Promise.resolve([own, ...others]) });
  return projects.some(({ directory }) => !directory.startsWith(`${own}/`)) ? projects : null;
}

async function statusOf({ mln, context, given }: Called, projects: readonly Project[]): Promise<ExitCode> {
  const { listOption, tellStatus } = await loadChoosing();
  const { statusesOf } = await loadOperating();
  const [hosts, switches] = [listOption(given, 'host'), listOption(given, 'switch')];
  const look = { usage: true };
  const all = projects.map(async (project) => {
    const units = unitsOf(project).filter(
      (unit) =>
        (given['here'] !== true || isHere(mln, unit, project)) &&
        ((!hosts && !switches) || ((unit.kind === 'host' ? hosts : switches) ?? []).includes(unit.name)),
    );
    const statuses = await statusesOf(mln, project, units, look);
    return units.map((unit) => ({
      project: project.name,
      unit,
      servers: serversOf(unit, project),
      status: statuses.get(unit.name) ?? unknownStatus,
    }));
  });
  return tellStatus(context, (await Promise.all(all)).flat(), given);
}

/** The same kernel, which looks for projects in another folder. */
function lookingIn(mln: Mln, projects: string): Mln {
  const folders = { ...mln.folders, projects };
  return Object.create(mln, { folders: { value: folders, enumerable: true } }) as Mln;
}
