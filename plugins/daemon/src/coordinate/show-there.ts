import { Exit, loadChoosing, table, unknownStatus, type ExitCode } from '@mln/core';
import { cleanText } from '../client/answer.js';
import type { FleetClient } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import { statusIn } from './monitor.js';
import type { Called } from './verbs.js';

/** A project as a server lists it. */
interface Listed {
  readonly name: string;
  readonly home: string | null;
  /** The names of its switches. */
  readonly switches: readonly string[];
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
  const { name, home, switches } = value as Partial<Record<keyof Listed, unknown>>;
  if (typeof name !== 'string') return [];
  return [
    {
      name: cleanText(name),
      home: typeof home === 'string' ? cleanText(home) : null,
      switches: Array.isArray(switches) ? switches.filter((each) => typeof each === 'string') : [],
    },
  ];
}

/** What a server runs, of one project or of all: its own part alone. */
async function status({ context, args, given }: Called, client: FleetClient, server: string): Promise<ExitCode> {
  const { listOption, tellStatus, textOption } = await loadChoosing();
  const wanted = textOption(given, 'project') ?? args[0];
  const projects =
    wanted === undefined
      ? await listed(client, server)
      : listedIn(await client.request(server, 'GET', `/v1/projects/${encodeURIComponent(wanted)}`));
  const [hosts, switches] = [listOption(given, 'host'), listOption(given, 'switch')];
  const chosen = ({ kind, name }: { kind: 'host' | 'switch'; name: string }): boolean =>
    (!hosts && !switches) || ((kind === 'host' ? hosts : switches) ?? []).includes(name);
  const all = await Promise.all(
    projects.map(async (project) => {
      const path = `/v1/projects/${encodeURIComponent(project.name)}/status?usage=1`;
      const { statuses } = (await client.request(server, 'GET', path)) as { readonly statuses?: unknown };
      return Object.entries((statuses ?? {}) as Record<string, unknown>)
        .map(([name, value]) => {
          const kind = project.switches.includes(name) ? ('switch' as const) : ('host' as const);
          return { kind, name: cleanText(name), status: statusIn(value) ?? unknownStatus };
        })
        .filter(chosen)
        .map(({ status: found, ...unit }) => ({
          project: project.name,
          unit: { ...unit, hypervisor: null },
          servers: [server],
          status: found,
        }));
    }),
  );
  return tellStatus(context, all.flat(), given);
}
