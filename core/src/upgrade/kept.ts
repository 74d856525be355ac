import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Mln } from '../kernel.js';
import { writeState, type KeptHost, type State } from '../state.js';
import { storeOf } from './edit.js';
import { keptFolder } from './places.js';

/** Milliseconds for which disks are kept that nobody asks for. */
export const KEPT_FOR = 14 * 24 * 3600 * 1000;

/** Removes disks that are kept aside: those of hosts of these names, or (null) all. Gives what was removed, as text. The caller holds the project's lock. */
export async function forget(mln: Mln, state: State, names: readonly string[] | null): Promise<readonly string[]> {
  return drop(mln, state, ({ host }) => names === null || names.includes(host.name));
}

/** Removes disks that were kept for long enough. */
export async function forgetOld(mln: Mln, state: State, now = Date.now()): Promise<readonly string[]> {
  return drop(mln, state, ({ at }) => now - Date.parse(at) > KEPT_FOR);
}

/** Removes disks whose content is in a disk of another size or kind by now. */
export async function dropReplaced(mln: Mln, state: State): Promise<void> {
  await drop(mln, state, ({ reason }) => reason === 'replaced');
}

/** Removes disks of hosts, as they were called, that another server has by now. */
export async function dropMoved(mln: Mln, state: State, names: readonly string[]): Promise<void> {
  await drop(mln, state, ({ host, reason }) => reason === 'moved' && names.includes(host.name));
}

/** The state says so last: what was cut off is done again. */
async function drop(mln: Mln, state: State, which: (kept: KeptHost) => boolean): Promise<readonly string[]> {
  const dropped = state.kept.filter(which);
  if (dropped.length === 0) return [];
  const { project } = state;
  for (const { host } of dropped) {
    for (const disk of host.disks) {
      if (disk.existing || disk.kept === undefined) continue;
      const store = storeOf(mln, disk, host, project);
      if (await store.exists()) await store.remove();
      await removeKeptFolder(project.directory, disk.kept, host.name);
    }
  }
  await writeState(project.directory, { ...state, kept: state.kept.filter((each) => !which(each)) });
  return dropped.map(({ host, version }) => `${host.name}, of version ${version}`);
}

/** Removes what is left of a host's folder among those that are kept, and the folders above it that are empty then. */
export async function removeKeptFolder(directory: string, kept: string, host: string): Promise<void> {
  const folder = join(directory, keptFolder(kept, host));
  await rm(folder, { recursive: true, force: true });
  for (const above of [dirname(folder), dirname(dirname(folder))])
    if ((await readdir(above).catch(() => [''])).length === 0) await rm(above, { recursive: true, force: true });
}
