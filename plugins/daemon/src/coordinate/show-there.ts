import { Exit, loadChoosing, table, unknownStatus, type ExitCode } from '@mln/core';
import { cleanText } from '../client/answer.js';
import type { FleetClient } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { askServer, together, type Answered } from './monitor.js';
import type { Called } from './verbs.js';

/** A host or switch as a server lists it; null: the server does not know by what name others call where it is. */
interface Unit {
  readonly kind: 'host' | 'switch';
  readonly name: string;
  readonly servers: readonly (string | null)[];
}

/** A project as a server lists it. */
interface Listed {
  readonly name: string;
  readonly home: string | null;
  readonly units: readonly Unit[];
}

/** `mln list --on SERVER`, `mln status --on SERVER`. */
export async function showThere(verb: 'list' | 'status', called: Called): Promise<ExitCode> {
  const { mln, options, given } = called;
  const server = String(given['on']);
  const client = fleetClient(mln, options);
  return verb === 'list' ? list(called, client, server) : status(called, client, server);
}

async function list({ context, given }: Called, client: FleetClient, server: string): Promise<ExitCode> {
  const projects = await listed(client, server);
  if (given['json'] === true)
    context.terminal.json({
      apiVersion: 'mln/v1',
      kind: 'ProjectList',
      items: projects.map(({ name, home }) => ({ name, home, server })),
    });
  else if (projects.length > 0)
    context.terminal.print(table(projects.map(({ name, home }) => [name, home === null ? '' : `at home on ${home}`])));
  return Exit.done;
}

/** The names of a server's projects, as far as one may see them. */
export async function projectNames({ mln, options }: Called, server: string): Promise<readonly string[]> {
  return (await listed(fleetClient(mln, options), server)).map(({ name }) => name);
}

async function listed(client: FleetClient, server: string): Promise<readonly Listed[]> {
  const answer = (await client.request(server, 'GET', '/v1/projects')) as { readonly projects?: unknown } | null;
  return Array.isArray(answer?.projects) ? answer.projects.flatMap(listedIn) : [];
}

function listedIn(value: unknown): Listed[] {
  const { name, home, hosts, switches } = Object(value) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return [];
  return [
    {
      name: cleanText(name),
      home: typeof home === 'string' ? cleanText(home) : null,
      units: [
        ...unitsIn('switch', switches, ({ servers }) => (Array.isArray(servers) ? servers : [])),
        ...unitsIn('host', hosts, ({ serviceHost }) => [serviceHost]),
      ],
    },
  ];
}

function unitsIn(
  kind: Unit['kind'],
  list: unknown,
  serversOf: (unit: Readonly<Record<string, unknown>>) => readonly unknown[],
): readonly Unit[] {
  return (Array.isArray(list) ? list : []).flatMap((each: unknown) => {
    const unit = Object(each) as Readonly<Record<string, unknown>>;
    const servers = serversOf(unit).map((server) => (typeof server === 'string' ? cleanText(server) : null));
    return typeof unit['name'] === 'string' ? [{ kind, name: cleanText(unit['name']), servers }] : [];
  });
}

/** What runs of one project or of all that a server knows: it tells where their parts are, and each is asked of its own. */
async function status(called: Called, client: FleetClient, server: string): Promise<ExitCode> {
  const { context, args, given } = called;
  const { listOption, tellStatus, textOption } = await loadChoosing();
  const wanted = textOption(given, 'project') ?? args[0];
  const projects =
    wanted === undefined
      ? await listed(client, server)
      : listedIn(await client.request(server, 'GET', `/v1/projects/${encodeURIComponent(wanted)}`));
  const [hosts, switches] = [listOption(given, 'host'), listOption(given, 'switch')];
  const chosen = ({ kind, name }: Unit): boolean =>
    (!hosts && !switches) || ((kind === 'host' ? hosts : switches) ?? []).includes(name);
  const all = await Promise.all(
    projects.map(({ name, units }) => statusOf(called, server, name, units.filter(chosen))),
  );
  return tellStatus(context, all.flat(), given);
}

async function statusOf({ mln, options }: Called, server: string, project: string, units: readonly Unit[]) {
  const places = units.map(({ servers, ...unit }) => ({ unit, servers: servers.map((each) => each ?? server) }));
  const asked = [...new Set(places.flatMap(({ servers }) => servers))].map(
    async (each): Promise<[string, Answered]> => {
      const its = places.flatMap(({ unit, servers }) => (servers.includes(each) ? [unit.name] : []));
      return [each, await askServer(mln, options, each, { project, units: its, usage: true })];
    },
  );
  const answers = new Map(await Promise.all(asked));
  return places.map(({ unit, servers }) => ({
    project,
    unit: { ...unit, hypervisor: null },
    servers,
    status: together(servers.map((each) => [each, answers.get(each)?.(unit.name) ?? unknownStatus])),
  }));
}
