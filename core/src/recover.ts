import { lstat, readdir, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { announcer, newOperation, type Announce } from './announce.js';
import { failure, isMlnError, systemFailure, type MlnError } from './errors.js';
import { moveFolder } from './files.js';
import { cutOff, readJournal } from './journal.js';
import type { Mln } from './kernel.js';
import type { Report } from './operation.js';
import type { Project } from './project.js';
import { cleanTraces, placeDisks, removeDisks, requireFree } from './remove.js';
import { readStateIn, withKept } from './state.js';
import { withdrawUsers } from './template-users.js';
import { discard } from './trash.js';
import { upgradeFolder } from './upgrade/places.js';

/*
 * A build replaces a project in three steps, and a kill may come between any two:
 *
 *   .NAME.new   is being made         NAME is the old project
 *   NAME → .NAME.old                  NAME is missing, .NAME.new is whole
 *   .NAME.new → NAME                  NAME is the new project; its disks outside take their own names
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

/** Tells whether a project is being built, or upgraded: its folder is not yet in place, and what is there may be an earlier build's. */
export function isStaged({ directory, name }: Pick<Project, 'directory' | 'name'>): boolean {
  return basename(directory) === basename(stagingOf('', name)) || directory === upgradeFolder(dirname(directory));
}

/** Puts what was built in the place of what was there. */
export async function commitBuild(mln: Mln, name: string, announce: Announce<'build'>, report: Report): Promise<void> {
  const { target, staging, old } = placesOf(mln.folders.projects, name);
  const built = await readStateIn(staging);
  const replaced = await readStateIn(target);
  if (built) await requireFree(mln, { ...built.project, directory: target }, replaced?.project ?? null);
  if (await exists(target)) {
    if (replaced) tell(report, await cleanTraces(mln, replaced.project));
    await announce('moveOld', staging);
    await moveFolder(target, old);
  }
  await announce('moveNew', staging);
  await moveFolder(staging, target);
  await announce('placeDisks', target);
  await placeBuilt(mln, target);
  if (await exists(old)) {
    await announce('removeOld', target);
    tell(report, await giveUp(mln, old, target));
  }
  await announce('end', target);
}

/** After a build that failed: the old project is at its place again, and what was built is taken back. */
export async function undoBuild(mln: Mln, name: string, report: Report): Promise<void> {
  const { target, old } = placesOf(mln.folders.projects, name);
  if (!(await exists(target)) && (await exists(old))) await moveFolder(old, target);
  tell(report, await takeBackBuild(mln, name));
}

/** Takes back what was built and is not in place: its disks outside its folder, and the folder. */
async function takeBackBuild(mln: Mln, name: string): Promise<readonly string[]> {
  const { target, staging, old } = placesOf(mln.folders.projects, name);
  const outside = (await readJournal(staging)).findLast((entry) => entry.outside)?.outside ?? null;
  const staged = outside && { ...outside, directory: staging };
  await removeDisks(mln, staged, await stayingIn((await exists(target)) ? target : old));
  await withdrawUsers(mln.folders.templates, target, staging);
  return spoken(await discard(staging));
}

/** The disks of the build that is in place take their own names. */
async function placeBuilt(mln: Mln, target: string): Promise<void> {
  const built = await readStateIn(target);
  if (built) await placeDisks(mln, built.project);
}

/** Removes a project: at once for everyone else, however long the deletion takes. */
export async function commitRemoval(
  mln: Mln,
  name: string,
  announce: Announce<'remove'>,
  report: Report,
): Promise<void> {
  const { target, gone } = placesOf(mln.folders.projects, name);
  const removed = await readStateIn(target);
  if (removed) tell(report, await cleanTraces(mln, removed.project));
  await announce('rename', target);
  await moveFolder(target, gone);
  await announce('disks', gone);
  await removeDisks(mln, removed && { ...withKept(removed), directory: gone }, null);
  await announce('folder', gone);
  await withdrawUsers(mln.folders.templates, target, gone, removed ? withKept(removed).hosts : []);
  tell(report, spoken(await discard(gone)));
}

/**
 * Finishes or takes back a build or a removal that was cut off. Gives sentences that say which, and what could not be
 * done of it; none where there was nothing. The caller holds the project's lock.
 */
export async function recover(mln: Mln, name: string): Promise<readonly string[]> {
  const { target, staging, old, gone } = placesOf(mln.folders.projects, name);
  const announce = announcer(mln, newOperation('recover'), 'recover', name);
  let said: string | null = null;
  const more: string[] = [];
  for (const each of [staging, old, gone]) if (await exists(each)) await refuseLink(target);
  if (await exists(gone)) {
    await announce('finishRemoval', gone);
    more.push(...(await giveUp(mln, gone, target)));
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
    more.push(...(await takeBackBuild(mln, name)));
    said ??= `the build of ${name} that was cut off is taken back: ${(await exists(target)) ? 'the old project is as it was' : 'nothing of it is left'}`;
  }
  // Whatever was staged and is not in place has been taken back by now: disks with such names are those of the build in place.
  if (cutOff(await readJournal(target))?.name === 'build') {
    await announce('placeDisks', target);
    await placeBuilt(mln, target);
  }
  if (await exists(old)) {
    await announce('removeOld', old);
    more.push(...(await giveUp(mln, old, target)));
    said ??= `the build of ${name} that was cut off is finished: the new project is in place`;
  }
  await removeHalfWritten(target);
  return [...spoken(said), ...more];
}

/**
 * Refuses to replace or remove a project whose folder is a symbolic link: a rename would move the link, and leave what it
 * leads to, disks and all.
 */
export async function refuseLink(target: string): Promise<void> {
  const to = await readlink(target).catch(() => null);
  if (to === null) return;
  throw failure('MLN_IO', `${target} is a symbolic link to ${to}: mln neither replaces nor removes what it leads to`, {
    hint: `put the folder itself there (rm ${target}, then mv ${to} ${target}), or have all projects elsewhere, with -P`,
  });
}

/**
 * Removes the disks of a project outside its folder that the one which stays does not have, and then the folder. Where it
 * cannot be read which disks it had, none is removed. Gives what is to be said.
 */
async function giveUp(mln: Mln, folder: string, stays: string): Promise<readonly string[]> {
  const kept = await stayingIn(stays);
  const given = await readStateIn(folder).catch((error: unknown) => {
    if (!isMlnError(error) || passes(error)) throw error;
    return error;
  });
  await withdrawUsers(
    mln.folders.templates,
    stays,
    folder,
    given === null || isMlnError(given) ? [] : withKept(given).hosts,
  );
  if (isMlnError(given))
    return [
      `${given.message}: if that project had disks outside its folder, they are still there`,
      ...spoken(await discard(folder)),
    ];
  await removeDisks(mln, given && withKept(given), kept);
  return spoken(await discard(folder));
}

/** Whether it is only for now that a file cannot be read. */
function passes({ cause }: MlnError): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** The project that stays, whose disks must not be removed: where it cannot be read, none can be. */
async function stayingIn(folder: string): Promise<Project | null> {
  try {
    const state = await readStateIn(folder);
    return state && withKept(state);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    throw failure('MLN_BAD_STATE', `nothing is put right or removed: ${error.message}`, {
      cause: error,
      hint: `which disks outside its folder belong to the project in ${folder} is not known: put its state.json right`,
    });
  }
}

/** The state is written last, whole. One that is damaged is not finished with. */
async function isWhole(folder: string): Promise<boolean> {
  try {
    return (await readStateIn(folder)) !== null;
  } catch (error) {
    if (isMlnError(error) && error.code === 'MLN_BAD_STATE') return false;
    throw error;
  }
}

/** A file that was being written has another name until it is whole. */
async function removeHalfWritten(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => /^(state\.json|journal\.ndjson)\.[0-9a-f]{8}\.tmp$/.test(each)))
    await rm(join(folder, name), { force: true });
}

/** Whether there is something of this name, be it a link to nowhere. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw systemFailure(error, `${path} cannot be looked at`);
  }
}

function spoken(said: string | null): readonly string[] {
  return said === null ? [] : [said];
}

function tell(report: Report, said: readonly string[]): void {
  for (const text of said) report({ server: null, unit: null, state: 'note', text });
}
