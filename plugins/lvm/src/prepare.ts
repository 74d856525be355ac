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
import { groupOf, poolOf } from './store.js';
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
  if (phase !== 'prepare' || server !== null || !['build', 'remove'].includes(operation.name)) return undefined;
  const hosts = units.filter(
    (unit): unit is Host => unit.kind === 'host' && unit.disks.some(({ store }) => store === 'lvm'),
  );
  if (hosts.length === 0) return undefined;
  const what = operation.name === 'build' ? 'makes' : 'removes';
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
  ]);
  const volumes = await findVolumes(mln.shell, selection.map((each) => `(${each})`).join(' || '));
  const errors: Error[] = [];
  // A removal takes what there is: where nothing is left there is nothing to be done.
  if (operation.name === 'build') {
    const groups = await findGroups(mln.shell);
    const missing = new Set(hosts.map(groupOf).filter((name) => !groups.some((group) => group.name === name)));
    errors.push(...[...missing].map((name) => noGroup(name, groups)));
    const pools = poolsOf(hosts.filter((host) => !missing.has(groupOf(host))));
    errors.push(...pools.flatMap((pool) => poolErrors(pool, volumes)));
    for (const text of pools.flatMap((pool) => poolNotes(pool, volumes)))
      report({ server: null, unit: null, state: 'note', text });
  }
  for (const host of hosts)
    errors.push(...hostErrors(host, tagsOf(host, project), volumes, operation.name === 'build'));
  const problems: Problem[] = errors.filter(isMlnError).flatMap((error) => error.problems);
  if (problems.length > 0) throw new MlnError(problems);
  return undefined;
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
    return [];
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
