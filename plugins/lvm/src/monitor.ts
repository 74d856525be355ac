import { isHere, type Host, type Look, type Mln, type Project, type Status, type Unit } from '@mln/core';
import { groupOf } from './store.js';
import { foreign, hasTags, tagsOf } from './tags.js';
import { findVolumes, named } from './volumes.js';

/** Tells of hosts that are down whose volumes are missing, or are not theirs. Polls are spared, and who may not ask LVM. */
export async function monitor(
  mln: Mln,
  statuses: ReadonlyMap<string, Status>,
  units: readonly Unit[],
  project: Project,
  { usage }: Look,
): Promise<ReadonlyMap<string, Status>> {
  const hosts = units.filter(
    (unit): unit is Host =>
      unit.kind === 'host' &&
      statuses.get(unit.name)?.state === 'down' &&
      unit.disks.some(({ store }) => store === 'lvm') &&
      isHere(mln, unit, project),
  );
  if (hosts.length === 0 || !usage || process.getuid?.() !== 0) return statuses;
  const disks = hosts.flatMap((host) =>
    host.disks.filter(({ store }) => store === 'lvm').map(({ path }) => ({ host, path })),
  );
  const selection = disks.map(({ host, path }) => `(${named(groupOf(host), [path])})`).join(' || ');
  // Without LVM nothing can be said of it.
  const volumes = await findVolumes(mln.shell, selection).catch(() => null);
  if (!volumes) return statuses;
  const told = new Map(statuses);
  for (const { host, path } of disks) {
    const group = groupOf(host);
    const found = volumes.find((volume) => volume.group === group && volume.name === path);
    const status = told.get(host.name);
    if (!status || (found && hasTags(found, tagsOf(host, project)))) continue;
    const fault = found ? foreign(found) : `its volume ${group}/${path} is missing`;
    told.set(host.name, { ...status, detail: status.detail === null ? fault : `${status.detail}; ${fault}` });
  }
  return told;
}
