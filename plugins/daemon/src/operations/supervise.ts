import { writeFile } from 'node:fs/promises';
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:http';
import { failure, isMlnError, messageOf, writeAtomically, type Project } from '@mln/core';
import type { Logger } from 'pino';
import type { OperationState, Package } from '../protocol.js';
import { readStored, readMark, readOutcome, readProject, write, type OutcomeMark } from './folder.js';
import { checkedOutcome, heldText, isEnded, type Held } from './held.js';
import { openLog, readLog } from './log-file.js';
import { lastWords } from './output.js';
import { worksOn, type SpawnWorker, type Task } from './spawn-worker.js';

/** How often a dead worker's leavings are put right before it is given up. */
const RECOVERIES = 3;
/** Milliseconds between two looks at workers that are no children of this process. */
const POLL = 500;

export interface Supervision {
  readonly logger: Logger;
  readonly spawn: SpawnWorker;
  /** Lays the files of a package out. */
  place(pack: Package, held: Held): Promise<Project>;
  /** Removes folders that the worker's user may write in. */
  discard(...paths: readonly string[]): Promise<unknown>;
  /** Lets a worker that runs as another user ask other servers. */
  relay(held: Held): Promise<Server | null>;
}

/** Sees to it that each operation has a worker until it has ended. */
export interface Supervisor {
  /** Lays its files out and begins its worker. */
  begin(held: Held): void;
  /** Goes on where an earlier daemon ended; says what it found. */
  adopt(held: Held): Promise<string>;
  /** Has it end at the next safe point. */
  cancel(held: Held): Promise<void>;
  close(): void;
}

export function createSupervisor(supervision: Supervision): Supervisor {
  const { logger, spawn } = supervision;
  /** Workers whose parent is another process. */
  const followed = new Map<Held, { readonly pid: number; readonly started: string }>();
  const timer = setInterval(() => {
    for (const [held, mark] of followed) {
      if (worksOn(held.folder, mark)) continue;
      followed.delete(held);
      workerEnded(held, 'it');
    }
  }, POLL);
  timer.unref();

  const relays = new Map<Held, Server>();
  const openRelay = async (held: Held): Promise<void> => {
    const relay = relays.has(held) ? null : await supervision.relay(held);
    if (relay) relays.set(held, relay);
  };
  const closeRelay = (held: Held): void => {
    const relay = relays.get(held);
    relays.delete(held);
    relay?.close();
    relay?.closeAllConnections();
  };

  const note = (held: Held, event: string, more: object = {}): void => {
    const { id, operation, project, state, exit } = held;
    logger.info({ operation: id, verb: operation, project, state, exit, ...more }, event);
  };

  const finish = (held: Held, mark: OutcomeMark): void => {
    if (isEnded(held)) return;
    held.end(checkedOutcome(mark));
    closeRelay(held);
    note(held, 'operation ended');
    supervision.discard(held.folder.files, held.folder.images).catch(() => undefined);
  };

  /** Ends an operation in the daemon's own words. */
  const giveUp = async (held: Held, error: unknown): Promise<void> => {
    if (!isMlnError(error)) logger.error({ err: error, operation: held.id }, 'fault');
    const told = isMlnError(error) ? error : failure('MLN_FAULT', messageOf(error));
    const state: OutcomeMark['state'] = 'failed';
    const mark = { state, exit: told.exit, at: new Date().toISOString() };
    const log = openLog(held.folder.log);
    try {
      log.write({ kind: 'error', phase: null, problems: told.problems, exit: told.exit });
      log.write({ kind: 'end', state, exit: told.exit });
    } finally {
      log.close();
    }
    await writeAtomically(held.folder.outcome, JSON.stringify(mark));
    finish(held, mark);
  };
  const guarded = (held: Held, act: () => Promise<void>): void => {
    act().catch((error: unknown) =>
      giveUp(held, error).catch((worse: unknown) => {
        // Not even that can be written.
        logger.error({ err: worse, operation: held.id }, 'operation lost');
        finish(held, { state: 'failed', exit: 1, at: new Date().toISOString() });
      }),
    );
  };

  const run = async (held: Held, task: Task): Promise<void> => {
    await openRelay(held);
    const child: ChildProcess = spawn(held.folder, held.run, task);
    held.pid = child.pid ?? null;
    held.state = 'running';
    note(held, task === 'work' ? 'operation begun' : 'operation is put right', { pid: held.pid });
    let over = false;
    const once = (how: string): void => {
      if (over) return;
      over = true;
      workerEnded(held, how);
    };
    child.once('error', (error) => {
      once(`it cannot be begun (${messageOf(error)}), and`);
    });
    child.once('exit', (code, signal) => {
      once(signal === null ? `it ended with ${code ?? '?'}, and` : `it was ended by ${signal}, and`);
    });
  };

  /** Its word counts; where it left none, what it left is put right. */
  const workerEnded = (held: Held, how: string): void => {
    guarded(held, async () => {
      const mark = (await readOutcome(held.folder)) ?? (await endInLog(held));
      if (mark) {
        finish(held, mark);
        return;
      }
      const other = await readMark(held.folder);
      if (other && worksOn(held.folder, other)) {
        // One that an earlier daemon had begun was quicker.
        held.pid = other.pid;
        followed.set(held, other);
        return;
      }
      if (held.recoveries >= RECOVERIES)
        throw failure(
          'MLN_COMMAND_FAILED',
          `the worker of ${heldText(held)} is dead: ${how} said nothing${await lastWords(held.folder.output)}`,
          { hint: `mln clean -p ${held.project} puts the project right, if it is not` },
        );
      held.recoveries += 1;
      await run(held, 'recover');
    });
  };

  const begin = (held: Held): void => {
    guarded(held, async () => {
      const pack = (await readStored(held.folder))?.request.package;
      if (pack && !(await readProject(held.folder))) {
        await supervision.discard(held.folder.files);
        await write(held.folder.project, await supervision.place(pack, held), held.run);
      }
      await run(held, 'work');
    });
  };

  return {
    begin,
    async adopt(held) {
      const text = heldText(held).replace(/^\w+/, `$& of ${held.project}`);
      const mark = await readMark(held.folder);
      if (!mark) {
        begin(held);
        return `${text} had not begun yet; it begins`;
      }
      held.state = 'running';
      held.pid = mark.pid;
      if (worksOn(held.folder, mark)) {
        followed.set(held, mark);
        await openRelay(held);
        return `${text} goes on`;
      }
      workerEnded(held, 'it');
      return `${text} was cut off; it is put right`;
    },
    async cancel(held) {
      if (isEnded(held)) return;
      await writeFile(held.folder.cancelled, '', { mode: 0o644 });
      note(held, 'operation is cancelled');
      const mark = await readMark(held.folder);
      if (mark && worksOn(held.folder, mark)) process.kill(mark.pid, 'SIGTERM');
    },
    close() {
      clearInterval(timer);
      followed.clear();
      for (const held of relays.keys()) closeRelay(held);
    },
  };
}

/** How an operation has ended, as its log has it: a worker may be killed between its last word there and its outcome. */
export async function endInLog({ folder }: Held): Promise<OutcomeMark | null> {
  for await (const entry of readLog(folder.log, -1, { follow: false, written: () => false }))
    if (entry.kind === 'end') return { state: endState(entry.state), exit: entry.exit, at: entry.at };
  return null;
}

function endState(state: OperationState): OutcomeMark['state'] {
  return state === 'done' || state === 'cancelled' ? state : 'failed';
}
