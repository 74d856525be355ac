import {
  failure,
  isMlnError,
  messageOf,
  type MlnError,
  type Outcome,
  type Phase,
  type Problem,
  type Report,
} from '@mln/core';
import { named } from '../client/answer.js';
import type { FleetClient } from '../client/client.js';
import type { LogContent } from '../protocol.js';
import { insist } from './insist.js';
import { errorOf, operationLog, operationPath } from './operation-log.js';

/** Milliseconds after which a server that has nothing to do is told that the operation goes on: it waits for a minute. */
const SIGN = 20_000;
/** Lines of what a server said last that are told with what failed there. */
const LINES = 12;

/** A part of an operation that another server carries out, phase by phase. */
export interface RemotePart {
  /** The operation there. */
  readonly id: string;
  /** Has it do a phase. Throws what it says went wrong with all of it, and MLN_NO_SERVER where it is gone. */
  run(phase: Phase, units: readonly string[], report: Report): Promise<Outcome>;
  /** Tells it that the operation is over, and waits until it has let the project go. */
  release(report: Report): Promise<void>;
}

interface Waiting {
  /** The server has taken it down. */
  accepted: boolean;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

interface Where {
  readonly client: FleetClient;
  readonly server: string;
  readonly id: string;
  /** Milliseconds that the server may be gone. */
  readonly patience: number;
}

const done: Outcome = { failures: [] };

/** Follows a part that a server has accepted: one stream for all its phases. */
export function followPart(where: Where): RemotePart {
  const { client, server, id, patience } = where;
  const stop = new AbortController();
  const waiting = new Map<number, Waiting>();
  let next = 0;
  let last: { readonly number: number; readonly phase: Phase; readonly units: readonly string[] } | null = null;
  let report: Report = () => undefined;
  let said: string[] = [];
  let lost: Error | null = null;
  let released = false;

  const post = (): Promise<unknown> =>
    client.request(server, 'POST', operationPath(id, '/phases'), { body: last, again: true });
  const lose = (error: Error): void => {
    lost ??= error;
    for (const each of waiting.values()) each.reject(lost);
    stop.abort();
  };
  const take = (entry: LogContent): void => {
    switch (entry.kind) {
      case 'progress':
        report({ ...entry.progress, server });
        break;
      case 'note':
      case 'print':
        said = [...said, ...entry.text.split('\n')].slice(-LINES);
        report({ server, unit: null, state: 'note', text: entry.text });
        break;
      case 'phase': {
        const [first, ...others] = entry.failures;
        const failures = first ? [{ ...first, problem: withLines(first.problem, said) }, ...others] : [];
        waiting.get(entry.phase)?.resolve({ failures });
        break;
      }
      case 'error': {
        const [first, ...others] = entry.problems;
        const error = errorOf(first ? [withLines(first, said), ...others] : [], entry.exit);
        if (entry.phase === null) lose(error);
        else waiting.get(entry.phase)?.reject(error);
        break;
      }
      case 'end':
        // What it had taken down before its daemon was started anew is done, though its end was never told.
        for (const each of waiting.values())
          if (released || (each.accepted && entry.state === 'done')) each.resolve(done);
        lose(endedEarly(server, id, entry.state));
    }
  };
  const read = async (): Promise<void> => {
    try {
      for await (const entry of operationLog(client, server, id, { signal: stop.signal })) take(entry);
    } catch (error) {
      lose(error as Error);
    }
  };
  const sign = setInterval(() => {
    if (last !== null && waiting.size === 0) post().catch(() => undefined);
  }, SIGN);
  sign.unref();
  void read();

  const run = (phase: Phase, units: readonly string[]): Promise<Outcome> => {
    if (lost !== null) return Promise.reject(lost);
    const number = next++;
    last = { number, phase, units };
    said = [];
    return new Promise<Outcome>((resolve, reject) => {
      const mine: Waiting = { accepted: false, resolve, reject };
      waiting.set(number, mine);
      insist(post, patience, stop.signal).then(() => {
        mine.accepted = true;
      }, reject);
    }).finally(() => waiting.delete(number));
  };

  return {
    id,
    run(phase, units, tell) {
      report = tell;
      return run(phase, units);
    },
    async release(tell) {
      if (released) return;
      released = true;
      report = tell;
      try {
        // What it has lost was told when it was.
        if (lost === null) await within(run('release', []), patience);
      } catch (error) {
        if (!isMlnError(error)) throw error;
        tell({ server, unit: null, state: 'note', text: notTold(error) });
      } finally {
        clearInterval(sign);
        stop.abort();
      }
    },
  };
}

function notTold(error: unknown): string {
  return `could not be told that it is over, and finds out within a minute: ${messageOf(error)}`;
}

function endedEarly(server: string, id: string, state: string): MlnError {
  const how = { done: 'has ended', cancelled: 'was cancelled', failed: 'has failed' }[state] ?? 'has ended';
  return failure('MLN_PARTLY', named(server, `its part ${how} before all of it was asked for`), {
    hint: `mln log ${id} --on ${server} shows what it did`,
  });
}

/** What a server said last stands with what went wrong there, but for what the message says itself. */
function withLines(problem: Problem, said: readonly string[]): Problem {
  const lines = said.filter((line) => line.trim() !== '' && !problem.message.includes(line.trim()));
  return lines.length === 0
    ? problem
    : { ...problem, message: [problem.message, ...lines.map((line) => `  | ${line}`)].join('\n') };
}

/** Waits so many milliseconds at most. */
async function within<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(failure('MLN_NO_SERVER', 'it does not end'));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
