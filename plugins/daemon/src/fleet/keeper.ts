import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isHere, isMlnError, loadOperating, messageOf, type Host, type Project, type Status } from '@mln/core';
import { lookHere } from '../coordinate/monitor.js';
import type { Daemon } from '../server/route.js';
import { createKeeping, type Keeping } from './keeping.js';
import { startHere } from './keep-start.js';
import { createOrders } from './orders.js';
import { projectsHere } from './projects.js';

/** Keeps persistent hosts running: those that should run when the server starts, and those that die. */
export interface Keeper {
  /** Looks from now on, every few seconds. */
  begin(): void;
  /** Looks once; what is to be started is begun then. */
  look(): Promise<void>;
  /** Starts nothing more. A start that goes on is given a moment. */
  close(): Promise<void>;
}

export interface KeeperOptions {
  /** Milliseconds of a clock that nobody sets. */
  readonly now?: () => number;
}

type Ground = Pick<Daemon, 'mln' | 'operations' | 'logger' | 'places' | 'projectFolders'>;

/** Milliseconds between two looks, and those that a start is given at the end. */
const PAUSE = 3000;
const LAST = 5000;
/** How many projects are started side by side; the others have their turn at the next look. */
const MOST = 4;

/**
 * Makes the keeper of a daemon. A host whose keyword `persistent` is set is wanted up until it is stopped on purpose, by
 * `mln stop`: the journal of its project tells. One that shut itself down, from within, is started again.
 */
export function createKeeper(daemon: Ground, { now = () => performance.now() }: KeeperOptions = {}): Keeper {
  const { mln, logger } = daemon;
  const orders = createOrders(join(daemon.places.state, 'persistent.json'));
  const keeping: Keeping = createKeeping(mln, logger, now);
  const starting = new Map<string, Promise<void>>();
  const closing = new AbortController();
  let first = true;
  let looking: Promise<void> = Promise.resolve();

  const statusesHere = async (project: Project, hosts: readonly Host[]): Promise<ReadonlyMap<string, Status>> => {
    const { statusesOf } = await loadOperating();
    const switches = project.switches.filter((each) => isHere(mln, each, project));
    return statusesOf(mln, project, [...switches, ...hosts], lookHere(false));
  };

  const start = async (project: Project, hosts: readonly Host[], whole: boolean): Promise<void> => {
    let id = '';
    keeping.started(project, hosts);
    try {
      const failures = await startHere({
        mln,
        operations: daemon.operations,
        project,
        hosts,
        whole,
        signal: closing.signal,
        begun: (given) => {
          id = given;
          keeping.own(given);
          for (const { name } of hosts) keeping.tell(project, name, 'begun', given);
        },
        async still() {
          const [statuses, asked] = [await statusesHere(project, hosts), await orders.of(project)];
          return hosts.filter(({ name }) => statuses.get(name)?.state === 'down' && asked.get(name)?.wanted !== 'down');
        },
      });
      for (const { name } of hosts) {
        const failed = failures.find(({ unit }) => unit === name || unit === null);
        keeping.tell(project, name, failed ? 'failed' : 'done', id, failed?.problem);
      }
    } catch (error) {
      if (!isMlnError(error)) logger.error({ err: error, project: project.name }, 'fault');
      else if (error.code === 'MLN_LOCKED') keeping.postponed(project, hosts);
      const [problem] = isMlnError(error) ? error.problems : [];
      if (problem?.code !== 'MLN_LOCKED')
        for (const { name } of hosts)
          keeping.tell(
            project,
            name,
            'failed',
            id,
            problem ?? { severity: 'error', code: 'MLN_FAULT', message: messageOf(error) },
          );
    }
  };

  const lookAt = async (project: Project): Promise<void> => {
    const { directory, name } = project;
    const hosts = persistentHosts(project).filter((host) => isHere(mln, host, project));
    if (hosts.length === 0 || starting.has(directory)) return;
    // The world first: what is asked of it later counts.
    const statuses = await statusesHere(project, hosts);
    const due = keeping.judge(project, hosts, { statuses, orders: await orders.of(project), first });
    const { isLocked } = await loadOperating();
    if (due.length === 0 || closing.signal.aborted || starting.size >= MOST || isLocked(dirname(directory), name))
      return;
    const all = project.hosts.filter((host) => isHere(mln, host, project));
    const nothingRuns = [...statuses.values()].every(({ state }) => state !== 'up');
    const whole = keeping.isFresh(project, due) && due.length === all.length && nothingRuns;
    const going = start(project, due, whole).finally(() => starting.delete(directory));
    starting.set(directory, going);
  };

  const look = async (): Promise<void> => {
    const projects = (await projectsHere(daemon)).filter((project) => persistentHosts(project).length > 0);
    keeping.keep(projects);
    for (const project of projects)
      await lookAt(project).catch((error: unknown) => {
        logger.warn({ project: project.name, reason: messageOf(error) }, 'its hosts cannot be looked at');
      });
    await orders.keep(projects);
    first = false;
  };

  const go = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await look().catch((error: unknown) => {
        logger.error({ err: error }, 'fault');
      });
      await pause(PAUSE, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  };

  return {
    begin() {
      looking = go();
    },
    look,
    async close() {
      closing.abort();
      await looking;
      await Promise.race([Promise.all(starting.values()), pause(LAST, undefined, { ref: false })]);
    },
  };
}

function persistentHosts({ hosts }: Project): readonly Host[] {
  return hosts.filter(({ keywords }) => keywords['persistent'] === true);
}
