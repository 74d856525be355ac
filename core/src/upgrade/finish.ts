import { rm } from 'node:fs/promises';
import type { Mln } from '../kernel.js';
import { unitsOf } from '../project.js';
import { isHere } from '../servers.js';
import { readStateIn } from '../state.js';
import { dropReplaced, forgetOld } from './kept.js';
import { upgradeFolder } from './places.js';

/** What is left to do when an upgrade is in place. Gives whether nothing of the project is here any more. */
export async function finishUpgrade(mln: Mln, directory: string): Promise<boolean> {
  const state = await readStateIn(directory);
  if (state) await dropReplaced(mln, state);
  const now = await readStateIn(directory);
  if (now) await forgetOld(mln, now);
  await rm(upgradeFolder(directory), { recursive: true, force: true });
  const { project, kept = [] } = (await readStateIn(directory)) ?? {};
  const isHome = project && (project.home === null || project.home === mln.configuration.serviceHost);
  if (!project || isHome || kept.length > 0 || unitsOf(project).some((unit) => isHere(mln, unit, project)))
    return false;
  await rm(directory, { recursive: true, force: true });
  return true;
}
