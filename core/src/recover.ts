import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { announcer, newOperation, type Announce } from './announce.js';
import { systemFailure } from './errors.js';
import { moveFolder, readIfThere } from './files.js';
import { readJournal } from './journal.js';
import type { Mln } from './kernel.js';
import type { Project } from './project.js';
import { removeDisks } from './remove.js';

/*
 * A build replaces a project in three steps, and a kill may come between any two:
 *
 *   .NAME.new   is being made         NAME is the old project
 *   NAME → .NAME.old                  NAME is missing, .NAME.new is whole
 *   .NAME.new → NAME                  NAME is the new project
 *   .NAME.old is removed
 *
 * A removal renames NAME to .NAME.gone, and then removes the disks outside it, and the folder. So what is found tells
 * what had been reached. A folder that is given up keeps its name until its disks outside are gone: it tells of them.
 * A project's name holds no dot, and hidden names are never projects.
 */

interface Places {
  readonly target: string;
  readonly staging: string;
  readonly old: string;
  readonly gone: string;
}

function placesOf(projects: string, name: string): Places {
  const beside = (what: string): string => join(projects, `.${name}.${what}`);
  return { target: join(projects, name), staging: beside('new'), old: beside('old'), gone: beside('gone') };
}

/** Where a project is built. */
export function stagingOf(projects: string, name: string): string {
  return placesOf(projects, name).staging;
}

/** Puts what was built in the place of what was there. */
export async function commitBuild(mln: Mln, name: string, announce: Announce<'build'>): Promise<void> {
  const { target, staging, old } = placesOf(mln.folders.projects, name);
  if (await exists(target)) {
    await announce('moveOld', staging);
    await moveFolder(target, old);
  }
  await announce('moveNew', staging);
  await moveFolder(staging, target);
  if (await exists(old)) {
    await announce('removeOld', target);
    await giveUp(mln, old, await projectIn(old), target);
  }
  await announce('end', target);
}

/** Takes back what was built and is not in place: its disks outside its folder, and the folder. */
export async function takeBackBuild(mln: Mln, name: string): Promise<void> {
  const { target, staging, old } = placesOf(mln.folders.projects, name);
  const outside = (await readJournal(staging)).findLast((entry) => entry.outside)?.outside ?? null;
  await giveUp(mln, staging, outside, (await exists(target)) ? target : old);
}

/** Removes a project: at once for everyone else, however long the deletion takes. */
export async function commitRemoval(mln: Mln, name: string, announce: Announce<'remove'>): Promise<void> {
  const { target, gone } = placesOf(mln.folders.projects, name);
  await announce('rename', target);
  await moveFolder(target, gone);
  await announce('disks', gone);
  await removeDisks(mln, await projectIn(gone), null);
  await announce('folder', gone);
  await removeFolder(gone);
}

/**
 * Finishes or takes back a build or a removal that was cut off. Gives a sentence that says which, or null where there
 * was nothing. The caller holds the project's lock.
 */
export async function recover(mln: Mln, name: string): Promise<string | null> {
  const { target, staging, old, gone } = placesOf(mln.folders.projects, name);
  const announce = announcer(mln, newOperation('recover'), 'recover', name);
  let said: string | null = null;
  if (await exists(gone)) {
    await announce('finishRemoval', gone);
    await giveUp(mln, gone, await projectIn(gone), target);
    said = `the removal of an earlier ${name}, which was cut off, is finished`;
  }
  if (!(await exists(target)) && (await exists(old))) {
    if (await isWhole(staging)) {
      await announce('placeNew', staging);
      await moveFolder(staging, target);
      said = `the build of ${name} that was cut off is finished: the new project is in place`;
    } else {
      await announce('placeOld', old);
      await moveFolder(old, target);
      said = `the build of ${name} that was cut off is taken back: the old project is in place`;
    }
  }
  if (await exists(staging)) {
    await announce('takeBackBuild', staging);
    await takeBackBuild(mln, name);
    said ??= `the build of ${name} that was cut off is taken back: ${(await exists(target)) ? 'the old project is as it was' : 'nothing of it is left'}`;
  }
  if (await exists(old)) {
    await announce('removeOld', old);
    await giveUp(mln, old, await projectIn(old), target);
    said ??= `the build of ${name} that was cut off is finished: the new project is in place`;
  }
  await removeHalfWritten(target);
  return said;
}

/** Removes the disks of a project outside its folder that the one which stays does not have, and then the folder. */
async function giveUp(mln: Mln, folder: string, project: Project | null, stays: string): Promise<void> {
  await removeDisks(mln, project, await projectIn(stays));
  await removeFolder(folder);
}

/** The project that was built into a folder, whatever the folder's name; null where it is not whole. */
async function projectIn(folder: string): Promise<Project | null> {
  try {
    const { project } = JSON.parse((await readIfThere(join(folder, 'state.json'))) ?? '{}') as { project?: Project };
    return project ? { ...project, directory: folder } : null;
  } catch {
    return null;
  }
}

/** The state is written last, whole. */
async function isWhole(folder: string): Promise<boolean> {
  return (await readIfThere(join(folder, 'state.json'))) !== null;
}

/** A file that was being written has another name until it is whole. */
async function removeHalfWritten(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => /^(state\.json|journal\.ndjson)\.[0-9a-f]{8}\.tmp$/.test(each)))
    await rm(join(folder, name), { force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A program that a killed mln had begun may still write there: it is removed under its hands. */
async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  } catch (error) {
    throw systemFailure(error, `${path} cannot be removed`);
  }
}
