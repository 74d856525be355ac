import { earlierNames } from '../diff.js';
import { failure } from '../errors.js';
import type { Mln } from '../kernel.js';
import type { Operation, Part } from '../operation.js';
import { unitsOf, type Host, type Project, type Unit } from '../project.js';
import { isHere } from '../servers.js';
import type { KeptHost, State, TemplateRecord } from '../state.js';

/** A host of the new project on this server, and where its disks come from. */
export interface LocalHost {
  readonly host: Host;
  /** `new`: they are made from its template; `received`: another server has sent them; `kept`: they are here. */
  readonly from: 'new' | 'received' | 'kept';
  /** As it was, here or elsewhere; of what comes back from the disks that are kept, as it is kept. */
  readonly old: Host | null;
  /** What that disk was made from, where it is known. */
  readonly template: TemplateRecord | undefined;
  /** The version under which its disks are kept. */
  readonly kept: string | null;
  /** What has its name now, and gives way to it. */
  readonly replaced: Host | null;
  /** Its guest need not be stopped for it. */
  readonly runsOn: boolean;
}

/** What an upgrade has to do on this server. */
export interface LocalUpgrade {
  readonly units: readonly Unit[];
  readonly hosts: readonly LocalHost[];
  /** What was here, and is no longer. */
  readonly gone: readonly { readonly host: Host; readonly reason: 'removed' | 'moved' }[];
  readonly goneSwitches: readonly string[];
}

/** Finds out what this server's part of an upgrade is: by what is built here, and by what its home has decided. */
export function localUpgrade(mln: Mln, { options }: Operation, part: Part, state: State | null): LocalUpgrade {
  const { project } = part;
  const units = unitsOf(project).filter((unit) => isHere(mln, unit, project));
  const before = state?.project ?? null;
  const wasHere = (host: Host | null): boolean => host !== null && before !== null && isHere(mln, host, before);
  const hosts = units.flatMap((unit): LocalHost[] =>
    unit.kind === 'switch' ? [] : [originOf(unit, { options, part, state, wasHere })],
  );
  const stays = new Set(
    hosts.flatMap(({ old, kept, replaced }) => [kept === null ? old?.name : undefined, replaced?.name]),
  );
  const everywhere = new Set(project.hosts.map((host) => oldOf(host, before, project)?.name));
  const gone = (before?.hosts ?? [])
    .filter((host) => wasHere(host) && !stays.has(host.name))
    .map((host) => ({ host, reason: everywhere.has(host.name) ? ('moved' as const) : ('removed' as const) }));
  const names = new Set(units.map(({ name }) => name));
  const goneSwitches = (before?.switches ?? []).map(({ name }) => name).filter((name) => !names.has(name));
  return { units, hosts, gone, goneSwitches };
}

interface Known {
  readonly options: Operation['options'];
  readonly part: Part;
  readonly state: State | null;
  readonly wasHere: (host: Host | null) => boolean;
}

/** Where the disks of a host of the new project come from. */
function originOf(host: Host, { options, part, state, wasHere }: Known): LocalHost {
  const { name } = host;
  const old = oldOf(host, state?.project ?? null, part.project);
  const here = wasHere(old);
  const anew = options.rebuild?.includes(name) === true;
  const template = old ? state?.templates[old.name] : undefined;
  const none = { kept: null, replaced: null, template, runsOn: false };
  const back = here && !anew ? undefined : keptSince(state, options.undo, name);
  if (back)
    return {
      ...none,
      host,
      from: 'kept',
      old: back.host,
      template: back.template,
      kept: String(options.undo),
      replaced: here ? old : null,
    };
  if (here && !anew)
    return { ...none, host, from: 'kept', old, runsOn: options.stops?.includes(old?.name ?? '') !== true };
  if (here || anew) return { ...none, host, from: 'new', old: null, replaced: here ? old : null };
  if (options.moved?.includes(name))
    return { ...none, host, from: 'received', old: old ?? oldOf(host, part.previous ?? null, part.project) };
  if (old !== null) throw stranded(host);
  return { ...none, host, from: 'new', old: null };
}

function oldOf(host: Host, before: Project | null, { hosts }: Project): Host | null {
  if (!before) return null;
  const name = earlierNames(before.hosts, hosts)(host) ?? host.name;
  return before.hosts.find((each) => each.name === name) ?? null;
}

/** A host whose disks are kept since the version that is gone back to. */
function keptSince(state: State | null, undo: number | undefined, name: string): KeptHost | undefined {
  return state?.kept.find(({ host, version }) => host.name === name && version === undo);
}

function stranded({ name, serviceHost }: Host): Error {
  return failure(
    'MLN_BAD_STATE',
    `${name} is to come to ${serviceHost ?? 'this machine'}, and nobody brings its disk`,
    {
      hint: 'give the command at the project’s home, which knows where the disk is',
    },
  );
}
