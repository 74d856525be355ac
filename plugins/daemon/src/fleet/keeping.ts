import {
  unknownStatus,
  type Host,
  type Mln,
  type Operation,
  type OperationEvent,
  type Problem,
  type Project,
  type Status,
} from '@mln/core';
import type { Logger } from 'pino';
import { judge, MOST, postponed, started, WINDOW, type KeptHost } from './kept-host.js';
import type { Order } from './orders.js';

/** What is seen of a project's hosts. */
export interface Sight {
  readonly statuses: ReadonlyMap<string, Status>;
  readonly orders: ReadonlyMap<string, Order>;
  readonly first: boolean;
}

/** What a keeper remembers of its hosts, and tells of them: in its log, and to the `event` hook. */
export interface Keeping {
  /** Gives the hosts that are to be started now. */
  judge(project: Project, hosts: readonly Host[], sight: Sight): readonly Host[];
  /** Tells whether none of them has been started or has died before this keeper's eyes. */
  isFresh(project: Project, hosts: readonly Host[]): boolean;
  started(project: Project, hosts: readonly Host[]): void;
  postponed(project: Project, hosts: readonly Host[]): void;
  /** Remembers an operation of the keeper's own. */
  own(operation: string): void;
  tell(project: Project, host: string, state: OperationEvent['state'], operation: string, problem?: Problem): void;
  /** Forgets all other projects. */
  keep(projects: readonly Project[]): void;
}

export function createKeeping(mln: Mln, logger: Logger, now: () => number): Keeping {
  const known = new Map<string, Map<string, KeptHost>>();
  const own = new Set<string>();
  const of = ({ directory }: Project): Map<string, KeptHost> => {
    const found = known.get(directory) ?? new Map<string, KeptHost>();
    known.set(directory, found);
    return found;
  };
  const event = (project: string, unit: string, what: Pick<OperationEvent, 'state' | 'error'>, id: string): void => {
    const at = new Date().toISOString();
    const operation: Operation = { id, name: 'start', user: 'local', at, options: {} };
    mln.hooks.event.call({ operation, project, unit, at, ...what });
  };
  const change = (project: Project, hosts: readonly Host[], to: (kept: KeptHost) => KeptHost): void => {
    const all = of(project);
    for (const { name } of hosts) {
      const kept = all.get(name);
      if (kept) all.set(name, to(kept));
    }
  };

  return {
    judge(project, hosts, { statuses, orders, first }) {
      const all = of(project);
      const due: Host[] = [];
      const untouched = orders.size === 0;
      for (const host of hosts) {
        const { name } = host;
        const status = statuses.get(name) ?? unknownStatus;
        const order = orders.get(name);
        const seen = { status, order, own: order !== undefined && own.has(order.operation), first, untouched };
        const [kept, verdict] = judge(all.get(name), seen, now());
        all.set(name, kept);
        if (verdict === 'start') due.push(host);
        if (verdict !== 'died' && verdict !== 'given up') continue;
        const problem = problemOf(project.name, name, status, verdict, (kept.due ?? now()) - now());
        logger[verdict === 'died' ? 'warn' : 'error'](
          { project: project.name, host: name, reason: problem.message },
          verdict === 'died' ? 'guest has died' : 'guest is given up',
        );
        event(project.name, name, { state: 'failed', error: problem }, order?.operation ?? '');
      }
      return due;
    },
    isFresh(project, hosts) {
      const all = of(project);
      return hosts.every(({ name }) => {
        const kept = all.get(name);
        return kept?.deaths === 0 && kept.starts.length === 0;
      });
    },
    started(project, hosts) {
      change(project, hosts, (kept) => started(kept, now()));
    },
    postponed(project, hosts) {
      change(project, hosts, (kept) => postponed(kept, now()));
    },
    own(operation) {
      own.add(operation);
    },
    tell({ name: project }, host, state, operation, problem) {
      if (state === 'begun') logger.info({ project, host, operation }, 'guest is started again');
      if (state === 'failed')
        logger.warn({ project, host, operation, reason: problem?.message }, 'guest is not started');
      event(project, host, { state, error: problem ?? null }, operation);
    },
    keep(projects) {
      const there = new Set(projects.map(({ directory }) => directory));
      for (const directory of known.keys()) if (!there.has(directory)) known.delete(directory);
    },
  };
}

function problemOf(
  project: string,
  host: string,
  { detail }: Status,
  verdict: 'died' | 'given up',
  wait: number,
): Problem {
  const found = `${host} of ${project} is down, and nobody has stopped it${detail === null ? '' : `: ${detail}`}`;
  const what =
    verdict === 'died'
      ? `it is started again in ${Math.round(wait / 1000)} s`
      : `it was started ${MOST} times in the last ${WINDOW / 60_000} minutes, and is given up`;
  return {
    severity: 'error',
    code: 'MLN_NOT_UP',
    message: `${found}; ${what}`,
    hint:
      verdict === 'died'
        ? undefined
        : `mln log ${host}.${project} shows its console; mln start -p ${project} -h ${host} starts it`,
  };
}
