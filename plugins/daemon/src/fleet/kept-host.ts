import type { Status } from '@mln/core';
import type { Order } from './orders.js';

/*
 * When a host that is to run is started again: 1 s after it was found dead, then after twice as long each time, at most 5
 * minutes; once it has run for 10 minutes, after 1 s again. What was started 5 times within 10 minutes is given up, until
 * somebody starts it.
 */
const FIRST = 1000;
const LONGEST = 5 * 60_000;
const SETTLED = 10 * 60_000;
/** Milliseconds. */
export const WINDOW = 10 * 60_000;
/** How often a host is started within the window before it is given up. */
export const MOST = 5;

/** What is remembered of a host that is to run; times are in milliseconds. */
export interface KeptHost {
  /** When it was started by its keeper, within the window. */
  readonly starts: readonly number[];
  /** How often it died since it last ran for long. */
  readonly deaths: number;
  readonly upSince: number | null;
  /** When it is to be started. */
  readonly due: number | null;
  readonly givenUp: boolean;
  /** The operation that last asked something of it. */
  readonly operation: string | null;
}

/** What is seen of it. */
export interface Seen {
  readonly status: Status;
  readonly order: Order | undefined;
  /** Whether that order is one of the keeper's own. */
  readonly own: boolean;
  /** Whether this daemon looks for the first time: the server starts. */
  readonly first: boolean;
  /** Whether nothing of its project was ever started or stopped. */
  readonly untouched: boolean;
}

/** What is to be done or said of it. */
export type Verdict = 'died' | 'given up' | 'start' | null;

const unknown: KeptHost = { starts: [], deaths: 0, upSince: null, due: null, givenUp: false, operation: null };

/** Judges what is seen of a host; gives what is remembered of it from now on. */
export function judge(
  before: KeptHost | undefined,
  { status, order, own, first, untouched }: Seen,
  now: number,
): readonly [KeptHost, Verdict] {
  const byHand = order !== undefined && !own && order.operation !== before?.operation;
  const kept: KeptHost =
    byHand || !before ? { ...unknown, operation: order?.operation ?? null, due: before?.due ?? null } : before;
  // What was saved goes on when somebody asks for it.
  if (order?.wanted === 'down' || status.saved === true) return [{ ...unknown, operation: kept.operation }, null];
  if (status.state === 'unknown') return [kept, null];
  if (status.state === 'up') {
    const upSince = kept.upSince ?? now;
    const settled = now - upSince >= SETTLED;
    return [{ ...kept, upSince, due: null, givenUp: false, ...(settled ? { deaths: 0, starts: [] } : {}) }, null];
  }
  if (kept.givenUp) return [kept, null];
  if (kept.due !== null) return now < kept.due ? [kept, null] : [kept, 'start'];
  // Built, and never started: when the server starts, or when whoever built it does that.
  if (!order && !(first && untouched)) return [kept, null];
  if (first) return [{ ...kept, due: now }, 'start'];
  const starts = kept.starts.filter((at) => now - at < WINDOW);
  if (starts.length >= MOST) return [{ ...kept, starts, upSince: null, givenUp: true }, 'given up'];
  const delay = Math.min(LONGEST, FIRST * 2 ** kept.deaths);
  return [{ ...kept, starts, upSince: null, deaths: kept.deaths + 1, due: now + delay }, 'died'];
}

/** It is being started. */
export function started(kept: KeptHost, now: number): KeptHost {
  return { ...kept, starts: [...kept.starts, now], due: null };
}

/** It was not started after all, as others work on its project. */
export function postponed(kept: KeptHost, now: number): KeptHost {
  return { ...kept, starts: kept.starts.slice(0, -1), due: now };
}
