import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import { unitsOf, type Host, type Project, type Unit } from './project.js';
import { isHere } from './servers.js';
import { cleanUnits } from './settle.js';
import type { Store } from './store.js';

/** Removes the disks that mln has made for a project outside its folder, but for those that another has as well. */
export async function removeDisks(mln: Mln, project: Project | null, except: Project | null): Promise<void> {
  const kept = new Set(storesOutside(mln, except).map(({ path }) => path));
  for (const store of storesOutside(mln, project))
    if (!kept.has(store.path) && (await store.exists())) await store.remove();
}

/**
 * Throws where a disk outside a project's folder could not give way to what a build has made: before anything of an
 * earlier build, the previous one, is replaced.
 */
export async function requireFree(mln: Mln, project: Project, previous: Project | null): Promise<void> {
  const stores = storesOutside(mln, project);
  for (const store of stores) await store.requireFree?.();
  const paths = new Set(stores.map(({ path }) => path));
  for (const store of storesOutside(mln, previous))
    if (!paths.has(store.path) && (await store.exists())) await store.requireFree?.();
}

/** Brings the disks that a build has made outside a project's folder to their own names. */
export async function placeDisks(mln: Mln, project: Project): Promise<void> {
  for (const store of storesOutside(mln, project)) await store.place?.();
}

/**
 * Has the units of a project that is about to go take away what they left outside its folder when they died: taps, and
 * folders of sockets. Gives what is said of it.
 */
export async function cleanTraces(mln: Mln, project: Project): Promise<readonly string[]> {
  const units = unitsOf(project).filter((unit) => hasTraces(unit, project));
  return cleanUnits(mln, project, units);
}

/** What a unit has in its folder while it runs, and keeps where it was not stopped to the end. */
const traces = /^(run|pid|domid|ctl|taps|starting\..*)$/;

/** Most units that are down have nothing but scripts and disks: they are not asked one by one, nor those of others. */
function hasTraces({ name }: Unit, { directory }: Project): boolean {
  const folder = join(directory, name);
  try {
    return existsSync(join(folder, 'stop')) && readdirSync(folder).some((entry) => traces.test(entry));
  } catch {
    return false;
  }
}

/** The part of a project that has disks outside its folder; null where none has. */
export function partOutside(mln: Mln, project: Project): Project | null {
  const hosts = hostsHere(mln, project).filter((host) => storesOf(mln, host, project).length > 0);
  return hosts.length === 0 ? null : { ...project, hosts, switches: [], hookBlocks: {} };
}

/** Throws where nobody that is loaded knows how a disk of a project is kept: it would be left behind. */
export function requireStores(mln: Mln, project: Project): void {
  for (const host of hostsHere(mln, project))
    for (const disk of host.disks) {
      if (disk.existing || mln.hooks.disk.call(disk, host, project)) continue;
      throw failure('MLN_NO_CLAIM', `no plug-in that is loaded keeps disks as ${disk.store}, as ${host.name} has one`, {
        hint: 'load the plug-in that made it: mln plugin list tells which are there',
      });
    }
}

/** The stores of a project's disks outside its folder. */
export function storesOutside(mln: Mln, project: Project | null): readonly Store[] {
  return project ? hostsHere(mln, project).flatMap((host) => storesOf(mln, host, project)) : [];
}

/** Disks of other servers' hosts are theirs. */
function hostsHere(mln: Mln, project: Project): readonly Host[] {
  return project.hosts.filter((host) => isHere(mln, host, project));
}

function storesOf(mln: Mln, host: Host, project: Project): readonly Store[] {
  return host.disks.flatMap((disk) => {
    const store = disk.existing ? undefined : mln.hooks.disk.call(disk, host, project);
    return store?.inside === false ? [store] : [];
  });
}
