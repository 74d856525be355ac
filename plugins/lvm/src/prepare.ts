import {
  failure,
  MlnError,
  isMlnError,
  type Host,
  type Mln,
  type Operation,
  type Outcome,
  type Part,
  type Problem,
  type Report,
} from '@mln/core';
import { poolErrors, poolNotes, poolsOf } from './pools.js';
import { groupOf, poolOf, stoodOn } from './store.js';
import { foreign, hasTags, tagsOf } from './tags.js';
import { findGroups, findVolumes, named, noGroup, type Volume } from './volumes.js';

/** Looks at what a build or a removal needs of LVM, before anything is touched. Throws all that is wrong at once. */
export async function prepare(
  mln: Mln,
  operation: Operation,
  part: Part,
  report: Report,
): Promise<Outcome | undefined> {
  const { phase, server, units, project } = part;
  if (phase !== 'prepare' || server !== null || !['build', 'remove', 'start'].includes(operation.name))
    return undefined;
  const hosts = units.filter(
    (unit): unit is Host => unit.kind === 'host' && unit.disks.some(({ store }) => store === 'lvm'),
  );
  if (hosts.length === 0) return undefined;
  const what =
    new Map([
      ['build', 'makes'],
      ['remove', 'removes'],
    ]).get(operation.name) ?? 'uses';
  if (process.getuid?.() !== 0)
    throw failure('MLN_NOT_ALLOWED', `${namesOf(hosts)}: only root ${what} logical volumes`, {
      hint:
        operation.name === 'build'
          ? 'run mln as root; --rehearse builds the project with files for disks'
          : 'run mln as root',
    });
  const selection = hosts.flatMap((host) => [
    named(
      groupOf(host),
      [...wantedBy(host), poolOf(host)].filter((each) => each !== null),
    ),
    `vg_name="${groupOf(host)}" && (${wantedBy(host)
      .map((name) => `origin="${name}"`)
      .join(' || ')})`,
  ]);
  const volumes = await findVolumes(mln.shell, selection.map((each) => `(${each})`).join(' || '));
  const errors: Error[] = [];
  // A removal takes what there is: where nothing is left there is nothing to be done.
  if (operation.name === 'build') {
    const groups = await findGroups(mln.shell);
    const missing = new Set(hosts.map(groupOf).filter((name) => !groups.some((group) => group.name === name)));
    const members = (name: string): readonly Host[] => hosts.filter((host) => groupOf(host) === name);
    errors.push(
      ...[...missing].map((name) => noGroup(name, groups, `, where the disks of ${namesOf(members(name))} are to be`)),
    );
    const pools = poolsOf(hosts.filter((host) => !missing.has(groupOf(host))));
    errors.push(...pools.flatMap((pool) => poolErrors(pool, volumes)));
    for (const text of pools.flatMap((pool) => poolNotes(pool, volumes)))
      report({ server: null, unit: null, state: 'note', text });
  }
  if (operation.name === 'remove') {
    const groups = (await findGroups(mln.shell)).map(({ name }) => name);
    for (const host of hosts.filter((each) => !groups.includes(groupOf(each))))
      report({
        server: null,
        unit: null,
        state: 'note',
        text: `the volume group ${groupOf(host)} is not here: ${wantedBy(host).join(', ')} of ${host.name} may be left in it`,
      });
  }
  const look = operation.name === 'start' ? startErrors : hostErrors;
  for (const host of hosts) errors.push(...look(host, tagsOf(host, project), volumes, operation.name === 'build'));
  const problems: Problem[] = errors.filter(isMlnError).flatMap((error) => error.problems);
  if (problems.length > 0) throw new MlnError(problems);
  return undefined;
}

/** What a guest would be started on: the volumes of others are not given to it. */
function startErrors(host: Host, tags: readonly string[], volumes: readonly Volume[]): Error[] {
  const place = host.place ?? undefined;
  return wantedBy(host).flatMap((name) => {
    const found = volumes.find((volume) => volume.group === groupOf(host) && volume.name === name);
    if (!found)
      return failure('MLN_NO_FILE', `${host.name}: its volume ${groupOf(host)}/${name} is missing`, {
        place,
        hint: 'mln lvm list shows those of mln; is its volume group there (vgs)?',
      });
    return hasTags(found, tags) ? [] : failure('MLN_NOT_OURS', `${host.name}: ${foreign(found)}`, { place });
  });
}

function hostErrors(host: Host, tags: readonly string[], volumes: readonly Volume[], builds: boolean): Error[] {
  const names = wantedBy(host);
  const found = volumes.filter(({ group, name }) => group === groupOf(host) && names.includes(name));
  const place = host.place ?? undefined;
  return found.flatMap((volume) => {
    const ours = hasTags(volume, tags);
    if (!ours && builds)
      return failure('MLN_NOT_OURS', `${host.name}: ${foreign(volume)}`, {
        place,
        hint: `nothing was changed; lvrename ${volume.group} ${volume.name} NAME makes room, or choose another name for the host`,
      });
    if (ours && volume.open)
      return failure('MLN_IMAGE_IN_USE', `${host.name}: its volume ${volume.group}/${volume.name} is in use`, {
        place,
        hint: 'stop what has it open: a guest, a mount, a copy',
      });
    const standing = volumes.filter(
      ({ group, origin, pool }) => group === volume.group && origin === volume.name && pool === '',
    );
    return ours && standing.length > 0 ? stoodOn(volume, standing) : [];
  });
}

/** The volumes that a host's disks are, once they are in place. */
function wantedBy(host: Host): readonly string[] {
  return host.disks.filter(({ store }) => store === 'lvm').map(({ path }) => path);
}

function namesOf(hosts: readonly Host[]): string {
  const names = hosts.map(({ name }) => name);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
