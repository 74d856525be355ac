import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, systemFailure } from '../errors.js';
import { readIfThere, syncFolder } from '../files.js';
import { recordPath } from '../guest-record.js';
import type { Mln } from '../kernel.js';
import type { Disk, Host, Project } from '../project.js';
import { IMAGES } from '../share.js';
import { readStateIn } from '../state.js';
import type { Store } from '../store.js';
import { readActions, type Actions, type Aside } from './actions.js';
import { diskKey, storeOf } from './edit.js';
import { saveHistory } from './history.js';
import { removeKeptFolder } from './kept.js';
import { heldScript, keptFolder, upgradeFolder } from './places.js';

/** The project file that an upgrade was made from, until it is in its place: just before the state is. */
const SOURCE = '.project.mln';

/**
 * Puts an upgrade in its place: what is in its folder, by what is written down there. May be cut off anywhere and is then
 * done again; the new state comes last. Does nothing where there is nothing to put.
 */
export async function commitUpgrade(mln: Mln, directory: string): Promise<void> {
  const staging = upgradeFolder(directory);
  const fresh = await readStateIn(staging);
  const actions = await readActions(directory);
  if (!fresh || !actions) return;
  const project = { ...fresh.project, directory };
  const old = await readStateIn(directory);
  try {
    if (old) {
      for (const each of actions.aside) await putAside(mln, each, old.project, String(old.version));
      // Done before, the file that is there may be the new one.
      if (existsSync(join(staging, SOURCE)))
        await saveHistory(directory, old, (await readIfThere(join(directory, 'project.mln'))) ?? '');
    }
    for (const each of actions.take) await takeDisks(mln, each, old?.project ?? project, project);
    for (const name of actions.gone) await rm(join(directory, name), { recursive: true, force: true });
    for (const path of actions.obsolete) await rm(join(directory, path), { force: true });
    await moveTree(join(staging, IMAGES), join(directory, IMAGES), { replace: false });
    for (const { name, isFolder } of await entriesOf(staging)) {
      if (name.startsWith('.') || name === IMAGES) continue;
      if (isFolder) await moveTree(join(staging, name), join(directory, name), { replace: true });
      else if (!ours.includes(name)) await rename(join(staging, name), join(directory, name));
    }
    for (const { name } of project.hosts) await rm(heldScript(directory, name), { force: true });
    for (const { host, disks } of actions.staged) await placeStaged(mln, host, disks, project);
    await rename(join(staging, SOURCE), join(directory, 'project.mln')).catch(ignoreMissing);
    await syncFolder(directory);
    await rename(join(staging, 'state.json'), join(directory, 'state.json'));
    await syncFolder(directory);
  } catch (error) {
    throw systemFailure(error, `the upgrade of ${project.name} cannot be put in its place`);
  }
}

/** What is not moved with the project's own scripts: the state comes last. */
const ours: readonly string[] = ['state.json', 'actions.json'];

/**
 * Throws, before anything is put in its place, where a disk that is to get another name is missing, or where something has
 * that name already.
 */
export async function requireMovable(mln: Mln, directory: string): Promise<void> {
  const actions = await readActions(directory);
  const fresh = await readStateIn(upgradeFolder(directory));
  const old = await readStateIn(directory);
  if (!actions || !fresh || !old) return;
  const project = { ...fresh.project, directory };
  const moves = [
    ...actions.aside.flatMap((each) => asideMoves(mln, each, old.project, String(old.version))),
    ...actions.take.flatMap((each) => takeMoves(mln, each, old.project, project)),
  ];
  const givesWay = new Set(moves.map(({ from }) => from.path));
  for (const { host, from, to } of moves) {
    if (!(await from.exists())) throw failure('MLN_NO_FILE', `${host}: there is no disk ${from.path}`);
    if (!givesWay.has(to.path) && (await to.exists()))
      throw failure('MLN_IO', `${host}: its disk ${from.path} is to become ${to.path}, and something has that name`, {
        hint: 'move that away',
      });
  }
}

interface Move {
  readonly host: string;
  readonly from: Store;
  readonly to: Store;
}

function asideMoves(mln: Mln, { host, disks }: Aside, project: Project, kept: string): readonly Move[] {
  return disksOf(host, disks).map((disk) => ({
    host: host.name,
    from: storeOf(mln, disk, host, project),
    to: storeOf(mln, { ...disk, kept }, host, project),
  }));
}

function takeMoves(
  mln: Mln,
  { from, host, disks }: Actions['take'][number],
  old: Project,
  project: Project,
): readonly Move[] {
  const moves = disks.flatMap(([before, after]): Move[] => {
    const [was, is] = [disksOf(from, [before])[0], disksOf(host, [after])[0]];
    if (!was || !is) return [];
    return [{ host: host.name, from: storeOf(mln, was, from, old), to: storeOf(mln, is, host, project) }];
  });
  return moves.filter((each) => each.from.path !== each.to.path);
}

/** The old disks of a host go below the version that they belonged to, with the record of its guest. */
async function putAside(mln: Mln, aside: Aside, project: Project, kept: string): Promise<void> {
  const { host, by } = aside;
  const { directory } = project;
  for (const { from, to } of asideMoves(mln, aside, project, kept))
    // Done before, what has the old name is the new disk.
    if (!(await to.exists()) && (await from.exists())) await to.take?.(from.path);
  const folder = join(directory, keptFolder(kept, host.name));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const record = recordPath(directory, host.name);
  // The same holds for the record, once the new one is no longer where it was made.
  const isOld = by === null || existsSync(recordPath(upgradeFolder(directory), by));
  if (isOld && existsSync(record)) await rename(record, join(folder, 'guest'));
  await syncFolder(folder);
}

async function takeDisks(mln: Mln, take: Actions['take'][number], old: Project, project: Project): Promise<void> {
  const { from, host } = take;
  await mkdir(join(project.directory, host.name), { recursive: true, mode: 0o700 });
  for (const move of takeMoves(mln, take, old, project)) await move.to.take?.(move.from.path);
  for (const kept of new Set(from.disks.flatMap((disk) => disk.kept ?? [])))
    await removeKeptFolder(project.directory, kept, from.name);
}

/** Disks in the project's folder are moved with their host's; others have staged names until now. */
async function placeStaged(mln: Mln, name: string, keys: readonly string[], project: Project): Promise<void> {
  const host = project.hosts.find((each) => each.name === name);
  for (const disk of host ? disksOf(host, keys) : []) if (host) await storeOf(mln, disk, host, project).place?.();
}

function disksOf(host: Host, keys: readonly string[]): readonly Disk[] {
  return host.disks.filter((disk) => keys.includes(diskKey(disk)));
}

async function entriesOf(folder: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
}

/** Moves what is in a folder into another, file by file. */
async function moveTree(from: string, to: string, { replace }: { readonly replace: boolean }): Promise<void> {
  const entries = await entriesOf(from);
  if (entries.length === 0) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { name, isFolder } of entries)
    if (isFolder) await moveTree(join(from, name), join(to, name), { replace });
    else if (replace || !existsSync(join(to, name))) await rename(join(from, name), join(to, name));
  await syncFolder(to);
  await syncFolder(dirname(to));
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
