import { setTimeout as pause } from 'node:timers/promises';
import { Exit, failure, isMlnError, MlnError, type Failure, type Problem, type Progress } from '@mln/core';
import { cleanText, exitIn, problemsIn } from '../client/answer.js';
import { LOCAL, type FleetClient } from '../client/client.js';
import { isUnreachable } from '../client/unreachable.js';
import type { LogContent, OperationRecord, OperationState } from '../protocol.js';

/** Milliseconds until a log is asked for again whose stream has ended before the operation. */
const AGAIN = 500;

const states: readonly OperationState[] = ['waiting', 'running', 'done', 'failed', 'cancelled'];
const ended: readonly OperationState[] = ['done', 'failed', 'cancelled'];

export interface LogOptions {
  /** The number of the entry that was seen last; -1: none. */
  readonly after?: number;
  /** Goes on until the operation has ended; else ends behind what is there. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** The path of an operation. */
export function operationPath(id: string, rest = ''): string {
  return `/v1/operations/${encodeURIComponent(id)}${rest}`;
}

/** Reads the log of a server's operation; its last entry is the end. What is no entry is an error that names the server. */
export async function* operationLog(
  client: FleetClient,
  server: string,
  id: string,
  { after = -1, follow = true, signal }: LogOptions = {},
): AsyncGenerator<LogContent, void> {
  let last = after;
  const path = operationPath(id, follow ? '/log' : '/log?follow=0');
  const options = signal === undefined ? {} : { signal };
  for (;;) {
    for await (const event of client.events(server, path, { after: last, ...options })) {
      last = event.id;
      const entry = entryIn(event.data, server);
      yield entry;
      if (entry.kind === 'end') return;
    }
    if (signal?.aborted || !follow) return;
    // A daemon that is told to end ends its streams; and an operation may have ended without a word.
    const record = await readOperation(client, server, id).catch((error: unknown) => {
      if (isUnreachable(error) || (isMlnError(error) && error.code === 'MLN_DAEMON')) return null;
      throw error;
    });
    if (record !== null && ended.includes(record.state)) {
      yield { kind: 'end', state: record.state, exit: record.exit ?? Exit.failed };
      return;
    }
    await pause(AGAIN, undefined, options).catch(() => undefined);
  }
}

/** Asks a server for an operation. */
export async function readOperation(client: FleetClient, server: string, id: string): Promise<OperationRecord> {
  return recordIn(await client.request(server, 'GET', operationPath(id)), server);
}

/** Gives a record that a server has sent. */
export function recordIn(value: unknown, server: string): OperationRecord {
  const record = value as Partial<OperationRecord> | null;
  if (typeof record?.id === 'string' && record.state !== undefined && states.includes(record.state))
    return record as OperationRecord;
  throw senseless(server, 'what should be an operation is none');
}

function entryIn(value: unknown, server: string): LogContent {
  // Of this machine's own daemon no name is needed.
  const from = server === LOCAL ? null : server;
  const entry = value as Record<string, unknown> | null;
  switch (entry?.['kind']) {
    case 'progress': {
      const progress = progressIn(entry['progress']);
      if (progress) return { kind: 'progress', progress };
      break;
    }
    case 'note':
    case 'print':
      if (typeof entry['text'] === 'string')
        return entry['kind'] === 'note'
          ? { kind: 'note', text: cleanText(entry['text']) }
          : { kind: 'print', text: entry['text'] };
      break;
    case 'phase':
      if (Number.isInteger(entry['phase']) && Array.isArray(entry['failures']))
        return {
          kind: 'phase',
          phase: Number(entry['phase']),
          failures: entry['failures'].flatMap((each) => failureIn(each, from)),
        };
      break;
    case 'error': {
      const problems = problemsIn(entry['problems'], from);
      if (problems.length === 0) break;
      const phase = Number.isInteger(entry['phase']) ? Number(entry['phase']) : null;
      return { kind: 'error', phase, problems, exit: exitIn(entry['exit']) ?? Exit.failed };
    }
    case 'end': {
      const state = states.find((each) => each === entry['state']);
      if (state) return { kind: 'end', state, exit: exitIn(entry['exit']) ?? Exit.failed };
      break;
    }
  }
  throw senseless(server, 'an entry of its log is none');
}

function progressIn(value: unknown): Progress | null {
  const progress = value as Partial<Progress> | null;
  const state = (['begun', 'done', 'failed', 'note'] as const).find((each) => each === progress?.state);
  if (!progress || state === undefined || typeof progress.text !== 'string') return null;
  const { server, unit, text } = progress;
  return {
    server: typeof server === 'string' ? cleanText(server) : null,
    unit: typeof unit === 'string' ? cleanText(unit) : null,
    state,
    text: cleanText(text),
  };
}

function failureIn(value: unknown, server: string | null): Failure[] {
  const { unit, problem } = value as { readonly unit?: unknown; readonly problem?: unknown };
  return problemsIn([problem], server).map((each) => ({
    unit: typeof unit === 'string' ? cleanText(unit) : null,
    problem: each,
    ...(server === null ? {} : { server }),
  }));
}

function senseless(server: string, what: string): MlnError {
  return failure('MLN_NO_SERVER', `${server} answers with something that makes no sense here: ${what}`, {
    hint: 'mln version says which mln runs, here and there',
  });
}

/** The error that problems of a log come to. */
export function errorOf(problems: readonly Problem[], exit: number): MlnError {
  const code = exitIn(exit);
  return new MlnError(problems, code === undefined ? {} : { exit: code });
}
