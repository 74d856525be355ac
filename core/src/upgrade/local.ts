import { failure } from '../errors.js';
import type { Mln } from '../kernel.js';
import type { Operation, Part } from '../operation.js';
import { unitsOf, type Host, type Project, type Unit } from '../project.js';
import { isHere } from '../servers.js';
import type { KeptHost, State, TemplateRecord } from '../state.js';
import { classify } from './classify.js';

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

/** Finds out what this server's part of an upgrade is, by what is built here. */
export function localUpgrade(mln: Mln, { options }: Operation, part: Part, state: State | null): LocalUpgrade {
  const { project } = part;
  const units = unitsOf(project).filter((unit) => isHere(mln, unit, project));
  const before = state?.project ?? null;
  const items = before ? classify(before, project, mln.keywords, options) : [];
  const itemOf = new Map(items.map((item) => [item.name, item]));
  const oldOf = (name: string, of: Project | null): Host | null => {
    const was = itemOf.get(name)?.was ?? name;
    return of?.hosts.find((each) => each.name === was) ?? null;
  };
  const wasHere = (host: Host | null): boolean => host !== null && before !== null && isHere(mln, host, before);
  const hosts = units.flatMap((unit): LocalHost[] => {
    if (unit.kind === 'switch') return [];
    const old = oldOf(unit.name, before);
    const back = keptSince(state, options.undo, unit.name, wasHere(old) ? itemOf.get(unit.name)?.class : 'new');
    if (back)
      return [
        {
          host: unit,
          from: 'kept',
          old: back.host,
          template: back.template,
          kept: String(options.undo),
          replaced: wasHere(old) ? old : null,
          runsOn: false,
        },
      ];
    const none = { kept: null, replaced: null, template: old ? state?.templates[old.name] : undefined };
    if (options.moved?.includes(unit.name) && !wasHere(old))
      return [
        { host: unit, from: 'received', old: old ?? oldOf(unit.name, part.previous ?? null), runsOn: false, ...none },
      ];
    const item = itemOf.get(unit.name);
    if (!wasHere(old)) {
      if (old !== null && item?.class !== 'rebuild') throw stranded(unit);
      return [{ host: unit, from: 'new', old: null, runsOn: false, ...none }];
    }
    const anew = item?.class === 'rebuild';
    return [
      anew
        ? { host: unit, from: 'new', old: null, runsOn: false, ...none, replaced: old }
        : { host: unit, from: 'kept', old, runsOn: item ? !item.stops : true, ...none },
    ];
  });
  const stays = new Set(
    hosts.flatMap(({ old, kept, replaced }) => [kept === null ? old?.name : undefined, replaced?.name]),
  );
  const everywhere = new Set(project.hosts.map(({ name }) => oldOf(name, before)?.name));
  const gone = (before?.hosts ?? [])
    .filter((host) => wasHere(host) && !stays.has(host.name))
    .map((host) => ({ host, reason: everywhere.has(host.name) ? ('moved' as const) : ('removed' as const) }));
  const names = new Set(units.map(({ name }) => name));
  const goneSwitches = (before?.switches ?? []).map(({ name }) => name).filter((name) => !names.has(name));
  return { units, hosts, gone, goneSwitches };
}

/** A host whose disks are kept since the version that is gone back to, where it is new or made anew. */
function keptSince(state: State | null, undo: number | undefined, name: string, is?: string): KeptHost | null {
  if (undo === undefined || (is !== 'new' && is !== 'rebuild')) return null;
  return state?.kept.find(({ host, version }) => host.name === name && version === undo) ?? null;
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
