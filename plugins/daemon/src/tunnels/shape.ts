import { failure, serversOf, type Project, type Server, type Switch } from '@mln/core';
import type { Principal } from '../protocol.js';

/** How the parts of a switch hang together. */
export interface Shape {
  /** In the order of their names; null is a home that has none. */
  readonly servers: readonly Server[];
  /** The one that all others join; all servers know it by its name. */
  readonly centre: string;
}

/**
 * Tells whether the parts of a switch are joined by tunnels. Where it names a bridge or the socket of a switch that others
 * run, those are what connects its parts: a tunnel beside them could be a loop.
 */
export function isTunnelled(unit: Switch, project: Project): boolean {
  return unit.bridge === null && unit.socket === null && serversOf(unit, project).length > 1;
}

/**
 * Gives the shape of a switch, the same on all its servers: the centre is its own service_host, else home, else the first
 * by name. A home without a name is nobody's centre: others cannot call it.
 */
export function shapeOf(unit: Switch, project: Project): Shape {
  const servers = [...serversOf(unit, project)].sort((one, other) => compare(one ?? '', other ?? ''));
  const named = servers.flatMap((each) => (each === null || isUnnamed(each) ? [] : [each]));
  const centre = [unit.serviceHost, project.home].find((each) => each !== null && named.includes(each)) ?? named[0];
  if (centre === undefined)
    throw failure('MLN_NO_SERVER', `none of the servers of the switch ${unit.name}.${project.name} has a name`);
  return { servers, centre };
}

/** What a home without a name is called on other servers: by its user's certificate. */
function isUnnamed(server: string): boolean {
  return server.startsWith('~');
}

/** By their characters: the same wherever it is compared. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What a machine is among the servers of a switch; undefined where it is none of them. */
export function ownPlace({ servers }: Shape, name: string | null): Server | undefined {
  return servers.find((each) => each !== null && each === name) ?? (servers.includes(null) ? null : undefined);
}

/** The servers of a switch that others can call, but for one. */
export function othersOf({ servers }: Shape, own: Server): readonly string[] {
  return servers.flatMap((each) => (each === null || each === own || isUnnamed(each) ? [] : [each]));
}

/** Whether somebody is one of the servers of a switch, and which: servers are known by their names, a home without one by its user. */
export function memberOf({ servers }: Shape, principal: Principal | null): string | null {
  if (principal === null || principal.kind === 'local') return null;
  const names = principal.kind === 'server' ? [principal.name, `~${principal.name}`] : [`~${principal.name}`];
  return names.find((each) => servers.includes(each)) ?? null;
}
