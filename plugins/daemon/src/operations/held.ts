import type { Phase } from '@mln/core';
import { principalText, type OperationRecord, type OperationState } from '../protocol.js';
import type { Asker } from '../server/access.js';
import {
  countPhases,
  folderAt,
  readOutcome,
  readPhase,
  type OperationFolder,
  type OutcomeMark,
  type Run,
  type Stored,
} from './folder.js';

/** What a daemon remembers of an operation; the rest is in its folder. */
export interface Held extends Asker {
  readonly id: string;
  readonly folder: OperationFolder;
  readonly run: Run;
  readonly scope: OperationRecord['scope'];
  readonly operation: OperationRecord['operation'];
  readonly project: string;
  readonly parent: string | null;
  readonly at: string;
  state: OperationState;
  exit: number | null;
  endedAt: string | null;
  /** How many phases were asked for, and the last of them. */
  phases: number;
  lastPhase: Phase | null;
  /** The process that works on it. */
  pid: number | null;
  /** How often it was begun to put right what a dead worker left. */
  recoveries: number;
  /** Settled when it has ended. */
  readonly ended: Promise<void>;
  end(mark: OutcomeMark): void;
}

export function isEnded({ state }: Pick<Held, 'state'>): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export function hold(path: string, { id, at, principal, onBehalfOf, request, run }: Stored): Held {
  let settle: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    id,
    folder: folderAt(path),
    run,
    principal,
    onBehalfOf,
    scope: request.scope,
    operation: request.operation,
    project: request.project,
    parent: request.parent ?? null,
    at,
    state: 'waiting',
    exit: null,
    endedAt: null,
    phases: 0,
    lastPhase: null,
    pid: null,
    recoveries: 0,
    ended,
    end(mark) {
      this.state = mark.state;
      this.exit = mark.exit;
      this.endedAt = mark.at;
      this.pid = null;
      settle();
    },
  };
}

/** Remembers an operation of an earlier daemon. */
export async function holdAgain(path: string, stored: Stored): Promise<Held> {
  const held = hold(path, stored);
  held.phases = await countPhases(held.folder);
  held.lastPhase = (await readPhase(held.folder, held.phases - 1))?.phase ?? null;
  const outcome = await readOutcome(held.folder);
  if (outcome) held.end(checkedOutcome(outcome));
  return held;
}

/** A worker's user may have written anything. */
export function checkedOutcome({ state, exit, at }: OutcomeMark): OutcomeMark {
  const known = ['done', 'failed', 'cancelled'].includes(state);
  return {
    state: known ? state : 'failed',
    exit: Number.isInteger(exit) && exit >= 0 && exit < 256 ? exit : 1,
    at: Number.isNaN(Date.parse(at)) ? new Date().toISOString() : at,
  };
}

export function recordOf(held: Held): OperationRecord {
  const { id, scope, operation, project, principal, onBehalfOf, parent, at, endedAt, state, exit } = held;
  return {
    id,
    scope,
    operation,
    project,
    principal: principalText(principal),
    onBehalfOf: onBehalfOf && principalText(onBehalfOf),
    parent,
    at,
    endedAt,
    state,
    exit,
  };
}

/** `start by user:alice (op-…)`. */
export function heldText({ operation, principal, onBehalfOf, id }: Held): string {
  const by = onBehalfOf ? `${principalText(onBehalfOf)} through ${principalText(principal)}` : principalText(principal);
  return `${operation} by ${by} (${id})`;
}
