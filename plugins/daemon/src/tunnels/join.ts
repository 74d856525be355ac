import {
  failure,
  isMlnError,
  messageOf,
  type Failure,
  type Mln,
  type Operation,
  type Outcome,
  type Part,
  type Problem,
  type Project,
  type Report,
  type Switch,
} from '@mln/core';
import { LOCAL } from '../client/client.js';
import { fleetClient } from '../client/shared.js';
import type { Options } from '../options.js';
import { projectHere } from '../fleet/projects.js';
import type { Daemon } from '../server/route.js';
import { partOf } from './part.js';
import { isTunnelled, shapeOf } from './shape.js';
import { tunnelsOf } from './tunnels.js';

/** Milliseconds within which a switch is to be joined; what is not goes on being tried. */
const LIMIT = 10_000;

/**
 * Joins switches of a project, as far as they have parts here, to their parts on other servers. It returns when all are
 * joined, or the limit is over; what is not joined by then is told, and goes on being tried for as long as the switch runs.
 */
export async function joinProject(daemon: Daemon, name: string, switches: readonly string[]): Promise<Outcome> {
  const project = await projectHere(daemon, name);
  const limit = AbortSignal.timeout(LIMIT);
  return each(daemon, switches, async (unit) => {
    const part = partOf(daemon, project, unit);
    if (part) await tunnelsOf(daemon).join(part, limit);
  });
}

/** Has switches of a project leave their parts on other servers. */
export function leaveProject(daemon: Daemon, name: string, switches: readonly string[]): Promise<Outcome> {
  return each(daemon, switches, (unit) => tunnelsOf(daemon).leave(name, unit));
}

async function each(
  { name }: Daemon,
  switches: readonly string[],
  act: (unit: string) => Promise<void>,
): Promise<Outcome> {
  const server = name === null ? {} : { server: name };
  const failures = await Promise.all(
    switches.map((unit) =>
      act(unit).then(
        () => [],
        (error: unknown) => problemsOf(error).map((problem): Failure => ({ unit, ...server, problem })),
      ),
    ),
  );
  return { failures: failures.flat() };
}

function problemsOf(error: unknown): readonly Problem[] {
  if (isMlnError(error)) return error.problems;
  return [{ severity: 'error', code: 'MLN_NO_SERVER', message: `it is not joined: ${messageOf(error)}` }];
}

/** Has this machine's daemon join a project's switches to their parts on other servers, or leave them. */
export async function joinHere(
  mln: Mln,
  options: Options,
  _operation: Operation,
  { phase, project, units }: Part,
  _report: Report,
): Promise<Outcome | undefined> {
  const switches = units.filter((unit): unit is Switch => unit.kind === 'switch' && isTunnelled(unit, project));
  if (switches.length === 0) return { failures: [] };
  const names = switches.map(({ name }) => name);
  const client = fleetClient(mln, options);
  try {
    const answer = await client.request(LOCAL, phase === 'join' ? 'POST' : 'DELETE', `/v1/tunnels/${project.name}`, {
      body: { switches: names },
      timeout: 2 * LIMIT,
    });
    const { failures } = answer as Outcome;
    return { failures: failures.map(({ unit, problem }) => ({ unit, problem })) };
  } catch (error) {
    if (!isMlnError(error) || error.code !== 'MLN_NO_SERVER') throw error;
    // Connections end with a daemon, and what joins a bridge to others goes with it.
    if (phase === 'leave') return { failures: [] };
    throw failure('MLN_NO_SERVER', noDaemon(switches, project), {
      cause: error,
      hint: `start it: systemctl start mln-daemon, or mln daemon (${messageOf(error)})`,
    });
  }
}

function noDaemon(switches: readonly Switch[], project: Project): string {
  const names = switches.map(({ name }) => name).join(', ');
  const servers = new Set(switches.flatMap((each) => shapeOf(each, project).servers));
  const [last, ...others] = [...servers].map((each) => each ?? 'this machine').reverse();
  const where = `${others.reverse().join(', ')} and ${last ?? ''}`;
  return switches.length === 1
    ? `the switch ${names} is on ${where}: its parts are joined by daemons; mln daemon must run here too`
    : `the switches ${names} are on ${where}: their parts are joined by daemons; mln daemon must run here too`;
}
