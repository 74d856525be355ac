import {
  isMlnError,
  isThisServer,
  serversOf,
  unitsOf,
  unknownStatus,
  type Look,
  type Mln,
  type Project,
  type Status,
  type Unit,
} from '@mln/core';
import type { Options } from '../options.js';

/** Characters of a request's path in which units are named; beyond that all that is there is asked for. */
const LONGEST = 4000;

/** Looks that ask no other server. */
const here = new WeakSet<Look>();

/** A look at what runs on this machine alone: whoever is asked by another server asks no further. */
export function lookHere(usage: boolean): Look {
  const look: Look = { usage };
  here.add(look);
  return look;
}

/**
 * Asks other servers what runs of a project's units that are there, all at once. Units of a server that does not answer in
 * time are unknown; a switch that is on several servers is up where all its parts are.
 */
export async function monitorThere(
  mln: Mln,
  options: Options,
  statuses: ReadonlyMap<string, Status>,
  units: readonly Unit[],
  project: Project,
  look: Look,
): Promise<ReadonlyMap<string, Status>> {
  if (here.has(look)) return statuses;
  const places = units.map((unit) => ({ unit, servers: serversOf(unit, project) }));
  const others = new Set(places.flatMap(({ servers }) => servers.filter((server) => !isThisServer(mln, server))));
  if (others.size === 0) return statuses;
  const asked = [...others].map(async (server): Promise<[string, Answered]> => {
    const its = places.flatMap(({ unit, servers }) => (servers.includes(server) ? [unit.name] : []));
    const units = its.length < unitsOf(project).length ? its : null;
    return [
      server ?? '',
      await askServer(mln, options, server ?? '', { project: project.name, units, usage: look.usage }),
    ];
  });
  const answers = new Map(await Promise.all(asked));
  const found = places.flatMap(({ unit, servers }): [string, Status][] => {
    const parts = servers.map((server): [string, Status] =>
      server === null || isThisServer(mln, server)
        ? [server ?? 'this machine', statuses.get(unit.name) ?? unknownStatus]
        : [server, answers.get(server)?.(unit.name) ?? unknownStatus],
    );
    return [[unit.name, together(parts)]];
  });
  return new Map([...statuses, ...found]);
}

/** What a server has said of a unit. */
export type Answered = (unit: string) => Status;

/** What a server is asked of a project; null: of all units that are there. */
export interface Asked {
  readonly project: string;
  readonly units: readonly string[] | null;
  readonly usage: boolean;
}

/** Asks one server; what it does not answer is unknown, and says why. */
export async function askServer(
  mln: Mln,
  options: Options,
  server: string,
  { project, units, usage }: Asked,
): Promise<Answered> {
  if (server.startsWith('~')) return unknown(`is at home with ${server.slice(1)}, on a machine that is no server`);
  const { fleetClient } = await import('../client/shared.js');
  const names = (units ?? []).map(encodeURIComponent).join(',');
  const query = `${names === '' || names.length > LONGEST ? '' : `units=${names}&`}usage=${usage ? 1 : 0}`;
  try {
    const answer = await fleetClient(mln, options).request(
      server,
      'GET',
      `/v1/projects/${encodeURIComponent(project)}/status?${query}`,
    );
    const told = (answer as { readonly statuses?: unknown } | null)?.statuses;
    const statuses = new Map(Object.entries((told ?? {}) as Record<string, unknown>));
    return (unit) => statusIn(statuses.get(unit)) ?? { ...unknownStatus, detail: `${server} does not know it` };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    if (error.code === 'MLN_NO_SERVER')
      return unknown(
        server in (options.servers ?? {}) || isThisServer(mln, server)
          ? `${server} does not answer`
          : `${server} is not among the servers of the configuration`,
      );
    if (error.code === 'MLN_NO_PROJECT')
      return () => ({ ...unknownStatus, state: 'down', detail: `not built on ${server}` });
    return unknown(error.message);
  }
}

function unknown(detail: string): Answered {
  return () => ({ ...unknownStatus, detail });
}

/** The status of a unit by those of its parts on several servers. */
export function together(parts: readonly (readonly [server: string, status: Status])[]): Status {
  const [first] = parts;
  if (!first || parts.length === 1) return first?.[1] ?? unknownStatus;
  const not = parts.filter(([, { state }]) => state !== 'up');
  if (not.length === 0) return first[1];
  const state = not.some(([, each]) => each.state === 'down') ? 'down' : 'unknown';
  const details = not.map(([server, each]) => each.detail ?? `${each.state} on ${server}`);
  const alike = state === 'down' && not.length === parts.length && not.every(([, each]) => each.state === 'down');
  return { ...unknownStatus, state, detail: alike ? null : details.join(', ') };
}

/** Gives a status that another machine has sent; null where it is none. */
function statusIn(value: unknown): Status | null {
  const status = value as Partial<Record<keyof Status, unknown>> | undefined;
  const state = (['up', 'down', 'unknown'] as const).find((each) => each === status?.state);
  if (!status || state === undefined) return null;
  const number = (name: keyof Status): number | null =>
    typeof status[name] === 'number' && Number.isFinite(status[name]) ? status[name] : null;
  const network = status.network as Partial<Record<string, unknown>> | null | undefined;
  return {
    state,
    ready: typeof status.ready === 'boolean' ? status.ready : null,
    id: number('id'),
    memory: number('memory'),
    cpu: number('cpu'),
    ...(status.cpuPercent === undefined ? {} : { cpuPercent: number('cpuPercent') }),
    network:
      typeof network?.['received'] === 'number' && typeof network['sent'] === 'number'
        ? { received: network['received'], sent: network['sent'] }
        : null,
    detail: typeof status.detail === 'string' ? status.detail : null,
    ...(status.saved === true ? { saved: true } : {}),
  };
}
