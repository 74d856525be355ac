import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failure, isMlnError, type Project } from '@mln/core';
import { principalText, type LogEntry, type OperationRequest, type Package, type Principal } from '../protocol.js';
import type { Guard } from '../server/access.js';
import { openRelay, type Relaying } from '../server/relay.js';
import type { Daemon } from '../server/route.js';
import { placePackage } from '../transfer/receive.js';
import { examine } from './accept.js';
import { checkPhase } from './check-request.js';
import { folderAt, readPhase, readStored, showLife, storeRequest, write } from './folder.js';
import { heldText, hold, holdAgain, isEnded, recordOf, type Held } from './held.js';
import { carryOut, hasEnded, isJoining, type Tunnels } from './joining.js';
import { readLog } from './log-file.js';
import type { Operations } from './operations.js';
import { workerSpawner, type SpawnWorker } from './spawn-worker.js';
import { createSupervisor, endInLog, type Supervisor } from './supervise.js';
import { removeTree, throwAway } from './throw-away.js';

export interface OperationsOptions {
  readonly guard: Guard;
  readonly tunnels: Tunnels;
  /** What passes requests of workers on that may not make them. */
  readonly relaying: () => Relaying;
  /** How workers are begun; by this very mln where left out. */
  readonly spawn?: SpawnWorker;
  /** Lays the files of a package out; as they were sent where left out. */
  readonly place?: (daemon: Daemon, pack: Package, held: Held) => Promise<Project>;
}

/** Milliseconds that a project is waited for which its holder was told to let go. */
const RELEASE = 10_000;
/** Milliseconds that a worker may take to end once it has said all. */
const EXIT = 2000;

/** The operations of a daemon. It is given as a function: it has them itself. */
export function createOperations(daemon: () => Daemon, options: OperationsOptions): Operations & { close(): void } {
  const { guard, tunnels, place = placeFiles } = options;
  const all = new Map<string, Held>();
  const writing = new Map<string, Promise<unknown>>();
  let draining = false;
  let made: Supervisor | undefined;
  const supervisor = (): Supervisor =>
    (made ??= createSupervisor({
      logger: daemon().logger,
      spawn: options.spawn ?? workerSpawner(daemon().mln),
      place: (pack, held) => place(daemon(), pack, held),
      // A part of an upgrade that is put right asks the server to which hosts were given.
      relay: ({ scope, operation, run, folder, principal, onBehalfOf }) =>
        (scope === 'whole' || operation === 'upgrade') && run.user
          ? openRelay(options.relaying(), folder.relay, run.user, { principal, onBehalfOf })
          : Promise.resolve(null),
      discard: (...paths) => removeTree(daemon().mln.shell, ...paths),
    }));
  const root = (): string => join(daemon().places.state, 'operations');
  const require = (id: string): Held => {
    const held = all.get(id);
    if (held) return held;
    throw failure('MLN_NO_OPERATION', `there is no operation ${id} here`, {
      hint: 'mln operations list shows them; old ones are thrown away',
    });
  };

  /** One that is about to end is waited for; one that its home has left is ended first. */
  const requireFree = async (request: OperationRequest, principal: Principal): Promise<void> => {
    const { project } = request;
    const until = performance.now() + RELEASE;
    for (;;) {
      const holder = [...all.values()].find((each) => each.project === project && !isEnded(each));
      if (!holder) return;
      const left = until - performance.now();
      const isLeft = isLeftBehind(holder, request, principal);
      if (isLeft) await supervisor().cancel(holder);
      if (left <= 0 || !(isLeft || (await isEnding(holder))))
        throw failure('MLN_LOCKED', `the project ${project} is being worked on: ${heldText(holder)}`, {
          hint: `wait until it is done; mln log ${holder.id} -f shows how far it is`,
        });
      await Promise.race([holder.ended, pause(left, undefined, { ref: false })]);
    }
  };

  const joinSwitches = (held: Held, number: number): void => {
    const act = async (): Promise<void> => {
      const request = await readPhase(held.folder, number);
      if (request) await carryOut(tunnels, held, request, daemon().logger);
    };
    act().catch((error: unknown) => {
      daemon().logger.error({ err: error, operation: held.id }, 'fault');
    });
  };

  const resumeOne = async (name: string): Promise<string | null> => {
    const path = join(root(), name);
    const stored = /^op-[0-9a-z]+$/.test(name) ? await readStored(folderAt(path)) : null;
    if (stored?.id !== name) {
      // It was never acknowledged.
      await removeTree(daemon().mln.shell, path);
      return null;
    }
    const held = await holdAgain(path, stored);
    all.set(name, held);
    if (isEnded(held)) return null;
    const said = await supervisor().adopt(held);
    const last = held.phases - 1;
    if ((held.lastPhase === 'join' || held.lastPhase === 'leave') && !(await hasEnded(held, last)))
      joinSwitches(held, last);
    return said;
  };

  return {
    async accept(request: OperationRequest, principal: Principal, onBehalfOf: Principal | null) {
      requireTaking(draining);
      const stored = await examine(daemon(), guard, request, { principal, onBehalfOf });
      await requireFree(request, principal);
      requireTaking(draining);
      const held = hold(join(root(), stored.id), stored);
      // From here on nobody else gets the project.
      all.set(held.id, held);
      try {
        await storeRequest(held.folder, stored);
      } catch (error) {
        all.delete(held.id);
        throw error;
      }
      daemon().logger.info({ operation: held.id, verb: held.operation, project: held.project }, 'operation accepted');
      supervisor().begin(held);
      void throwAway(daemon().mln.shell, all).catch((error: unknown) => {
        daemon().logger.warn({ err: error }, 'old operations are not thrown away');
      });
      return recordOf(held);
    },
    async phase(id, value) {
      const held = require(id);
      const request = checkPhase(value);
      if (held.scope !== 'part') throw failure('MLN_BAD_REQUEST', `${id} is a whole operation, and has no phases`);
      // One after the other: numbers have no gaps.
      const turn = (writing.get(id) ?? Promise.resolve()).then(async () => takePhase(held, request));
      writing.set(
        id,
        turn.catch(() => undefined),
      );
      if ((await turn) && isJoining(request)) joinSwitches(held, request.number);
    },
    async cancel(id) {
      await supervisor().cancel(require(id));
    },
    list: () => Promise.resolve([...all.values()].sort((one, other) => (one.at < other.at ? 1 : -1)).map(recordOf)),
    find: (id) => Promise.resolve().then(() => recordOf(require(id))),
    held(id) {
      const held = require(id);
      if (!isEnded(held)) return held;
      throw failure('MLN_NO_OPERATION', `${id} has ended (${held.state}), and does nothing more`);
    },
    log(id, after, signal, follow = true) {
      const held = require(id);
      return untilEnded(held, readLog(held.folder.log, after, { follow, signal, written: () => !isEnded(held) }));
    },
    async resume() {
      const said: string[] = [];
      for (const name of await readdir(root()).catch(() => [])) {
        try {
          const found = await resumeOne(name);
          if (found !== null) said.push(found);
        } catch (error) {
          // The others go on.
          if (!isMlnError(error)) throw error;
          daemon().logger.error({ operation: name, reason: error.message }, 'an operation cannot be read');
        }
      }
      return said;
    },
    async drain(limit) {
      draining = true;
      const running = [...all.values()].filter((held) => !isEnded(held)).map(({ ended }) => ended);
      await Promise.race([Promise.all(running), pause(limit, undefined, { ref: false })]);
    },
    close() {
      made?.close();
    },
  };
}

/** Whoever reads that an operation has ended finds it ended: its worker is waited for, for a moment. */
async function* untilEnded(held: Held, entries: AsyncIterable<LogEntry>): AsyncGenerator<LogEntry, void> {
  for await (const entry of entries) {
    if (entry.kind === 'end') await Promise.race([held.ended, pause(EXIT, undefined, { ref: false })]);
    yield entry;
  }
}

/**
 * A part of an operation that is over at home: whoever coordinates holds the project there, so a server that asks for a part
 * of another operation on it has been cut off, or killed, amid the first.
 */
function isLeftBehind(holder: Held, { scope, parent }: OperationRequest, principal: Principal): boolean {
  return (
    principal.kind === 'server' &&
    principalText(principal) === principalText(holder.principal) &&
    [scope, holder.scope].every((each) => each === 'part') &&
    parent !== undefined &&
    holder.parent !== parent
  );
}

/** Its worker has let the project go, or was told to. */
async function isEnding(held: Held): Promise<boolean> {
  return held.lastPhase === 'release' || (await endInLog(held)) !== null;
}

function requireTaking(draining: boolean): void {
  if (draining) throw failure('MLN_DAEMON', 'the daemon is about to end, and takes no operations any more');
}

/** Gives whether the phase is new; one that is asked for again is a sign of life. */
async function takePhase(held: Held, request: { readonly number: number; readonly phase: string }): Promise<boolean> {
  const { number } = request;
  if (number < held.phases) {
    if ((await readPhase(held.folder, number))?.phase !== request.phase)
      throw failure('MLN_BAD_REQUEST', `phase ${number} of ${held.id} is another one`);
    await showLife(held.folder);
    return false;
  }
  if (number > held.phases)
    throw failure('MLN_BAD_REQUEST', `phase ${number} of ${held.id} comes before phase ${held.phases}`);
  if (isEnded(held) || held.lastPhase === 'release')
    throw failure('MLN_NO_OPERATION', `${held.id} has ended (${held.state}), and does nothing more`);
  await write(join(held.folder.requests, `${number}.json`), request, held.run);
  held.phases += 1;
  held.lastPhase = request.phase;
  return true;
}

function placeFiles(daemon: Daemon, pack: Package, { folder, run }: Held): Promise<Project> {
  const owner = run.user && { uid: run.user.uid, gid: run.user.gid };
  return placePackage(daemon, pack, { folder: folder.files, projects: run.projects, templates: run.templates, owner });
}
