import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { failure, isMlnError, messageOf } from '@mln/core';
import { timeoutOf } from '../options.js';
import { projectHere } from '../fleet/projects.js';
import type { Daemon } from '../server/route.js';
import { joinBridge } from './bridge-tunnel.js';
import { keep, type Held, type Keeper } from './keeper.js';
import { createNumbers, type Numbers } from './numbers.js';
import { here, partOf, runningPart, type LocalPart } from './part.js';
import { plugIn } from './plug.js';
import { createJoinedStore, type Joined } from './state.js';
import { removeVxlan } from './vxlan.js';

/** What is spoken over a connection between two vde_switches: the stream of vde_plug(1). */
export const FRAMES = 'mln-frames';

/** The tunnels of a daemon: they hold for as long as a switch runs, and are there again after a restart. */
export interface Tunnels {
  readonly numbers: Numbers;
  /** Joins a part to the others, and keeps it joined; rejects with what hinders it when the signal comes first. */
  join(part: LocalPart, limit: AbortSignal): Promise<void>;
  /** Leaves the others, whether it had been joined or not. */
  leave(project: string, unit: string): Promise<void>;
  /** Where a number was agreed anew, what is joined gets it. */
  renumber(part: LocalPart, number: number): Promise<void>;
  /** Has another server's part joined to the one here, over a connection; one that it had before ends. The signal: it has gone again. */
  accept(part: LocalPart, member: string, signal: AbortSignal): Promise<(stream: Duplex) => void>;
  /** Joins what was joined when an earlier daemon ended, and takes away what is left of switches that run no longer. */
  resume(): Promise<void>;
  /** Ends the connections that others have brought here: they come again, and what they may is looked at anew. */
  renew(): void;
  /** Ends connections; bridges stay joined, and what is kept says what to join again. */
  close(): Promise<void>;
}

/** What may be otherwise a moment later: a server that begins to answer, a switch that begins to run. */
const passing: ReadonlySet<string> = new Set([
  'MLN_NO_SERVER',
  'MLN_NOT_UP',
  'MLN_DAEMON',
  'MLN_COMMAND_FAILED',
  'MLN_NO_PROJECT',
]);

const known = new WeakMap<Daemon, Tunnels>();

/** The tunnels of a daemon, made when they are first asked for. */
export function tunnelsOf(daemon: Daemon): Tunnels {
  const tunnels = known.get(daemon) ?? createTunnels(daemon);
  known.set(daemon, tunnels);
  return tunnels;
}

function createTunnels(daemon: Daemon): Tunnels {
  const store = createJoinedStore(daemon.places.state);
  const numbers = createNumbers(daemon, store);
  const keepers = new Map<string, { readonly keeper: Keeper; readonly part: LocalPart }>();
  /** By switch, then by the server at the other end. */
  const accepted = new Map<string, Map<string, Held>>();
  const { shell } = daemon.mln;

  /** One attempt to join a part: null where it runs no longer. */
  const attempt = async (part: LocalPart, signal: AbortSignal): Promise<Held | null> => {
    const running = await runningPart(daemon, part);
    if (running === null) return null;
    if (running.kind === 'bridge') {
      const number = await agree(part);
      await store.alone(() => joinBridge(daemon, part, running.bridge, number));
      return { ended: new Promise(() => undefined), end: () => undefined };
    }
    // All others come to the centre.
    if (part.own === part.shape.centre) return { ended: new Promise(() => undefined), end: () => undefined };
    return joinCentre(part, signal);
  };
  const joinCentre = async (
    { project, unit, shape: { centre }, folder }: LocalPart,
    signal: AbortSignal,
  ): Promise<Held> => {
    const stream = await unlessAborted(
      daemon.client.upgrade(centre, `/v1/tunnels/${project.name}/${unit.name}`, FRAMES),
      signal,
    );
    const probe = async (): Promise<void> => {
      await daemon.client.request(centre, 'GET', '/v1/server');
    };
    // Until the plug is in, nobody else hears that it has failed.
    stream.on('error', () => undefined);
    try {
      const plug = await plugIn(folder);
      plug.connect(stream, { probe, silence: timeoutOf(daemon.options) });
      return plug;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  };
  const agree = async (part: LocalPart): Promise<number> => {
    const { project, unit, shape, own } = part;
    if (own === shape.centre) return numbers.choose(part);
    const path = `/v1/tunnels/${project.name}/${unit.name}/number`;
    const { number } = (await daemon.client.request(shape.centre, 'GET', path)) as { readonly number: number };
    if (await numbers.keep(part, number)) return number;
    throw failure(
      'MLN_DAEMON',
      `the number ${number} of the switch ${unit.name}.${project.name} is taken on ${here(daemon)}`,
    );
  };

  const begin = (part: LocalPart): Keeper => {
    const key = keyOf(part.project.name, part.unit.name);
    const about = { project: part.project.name, switch: part.unit.name };
    const keeper = keep({
      attempt: (signal) => attempt(part, signal),
      final: (problem) => isMlnError(problem) && !passing.has(problem.code),
      told(problem) {
        if (problem === null) daemon.logger.info(about, 'joined');
        else daemon.logger.warn(about, `not joined: ${messageOf(problem)}`);
      },
    });
    keepers.set(key, { keeper, part });
    void keeper.over.then(() => {
      if (keepers.get(key)?.keeper === keeper) keepers.delete(key);
    });
    return keeper;
  };
  const mark = ({ project, unit }: LocalPart): Promise<void> =>
    store.alone(async () => {
      const before = await store.find(project.name, unit.name);
      const names = { project: project.name, switch: unit.name };
      await store.put({ number: null, device: null, ...before, ...names, joined: true });
    });
  const drop = async ({ project, switch: unit, device }: Joined): Promise<void> => {
    if (device !== null) await removeVxlan(shell, device);
    await store.remove(project, unit);
  };

  const tunnels: Tunnels = {
    numbers,
    async join(part, limit) {
      const { project, unit } = part;
      const running = await runningPart(daemon, part);
      if (running === null)
        throw failure('MLN_NOT_UP', `the switch ${unit.name}.${project.name} does not run on ${here(daemon)}`);
      await mark(part);
      const found = keepers.get(keyOf(project.name, unit.name));
      // A connection that holds stays; of bridges, others may have come and gone.
      if (running.kind === 'vde' && found?.keeper.holds() && isDeepStrictEqual(found.part, part)) return;
      await found?.keeper.stop();
      await begin(part).up(limit);
    },
    async leave(project, unit) {
      const key = keyOf(project, unit);
      await keepers.get(key)?.keeper.stop();
      for (const plug of accepted.get(key)?.values() ?? []) plug.end();
      await store.alone(async () => {
        const joined = await store.find(project, unit);
        if (joined) await drop(joined);
      });
    },
    renumber: (part, number) =>
      store.alone(async () => {
        const running = await runningPart(daemon, part);
        const joined = await store.find(part.project.name, part.unit.name);
        if (joined?.joined === true && running?.kind === 'bridge')
          await joinBridge(daemon, part, running.bridge, number);
      }),
    async accept({ project, unit, folder }, member, signal) {
      const key = keyOf(project.name, unit.name);
      const about = { project: project.name, switch: unit.name, server: member };
      const plug = await plugIn(folder);
      const members = accepted.get(key) ?? new Map<string, Held>();
      members.get(member)?.end();
      accepted.set(key, members.set(member, plug));
      const gone = (): void => {
        plug.end();
      };
      signal.addEventListener('abort', gone, { once: true });
      if (signal.aborted) gone();
      void plug.ended.then((why) => {
        if (members.get(member) === plug) members.delete(member);
        daemon.logger.info(about, `left by another server: ${why}`);
      });
      return (stream) => {
        daemon.logger.info(about, 'joined by another server');
        plug.connect(stream);
      };
    },
    async resume() {
      const all = await store.all().catch((error: unknown) => {
        daemon.logger.error(messageOf(error));
        return [];
      });
      for (const joined of all) {
        const part = await projectHere(daemon, joined.project)
          .then((project) => partOf(daemon, project, joined.switch))
          .catch(() => null);
        try {
          const running = part && (await runningPart(daemon, part));
          if (part && running && joined.joined) begin(part);
          else await drop(joined);
        } catch (error) {
          daemon.logger.error({ project: joined.project, switch: joined.switch }, messageOf(error));
        }
      }
    },
    renew() {
      for (const members of accepted.values()) for (const plug of members.values()) plug.end();
    },
    async close() {
      await Promise.all([...keepers.values()].map(({ keeper }) => keeper.stop()));
      const plugs = [...accepted.values()].flatMap((members) => [...members.values()]);
      for (const plug of plugs) plug.end();
      await Promise.all(plugs.map(({ ended }) => ended));
    },
  };
  return tunnels;
}

function keyOf(project: string, unit: string): string {
  return `${project}.${unit}`;
}

/** A connection that comes too late is closed. */
async function unlessAborted(coming: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      coming.then(
        (stream) => stream.destroy(),
        () => undefined,
      );
      reject(new Error('it was left'));
    };
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([coming, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
