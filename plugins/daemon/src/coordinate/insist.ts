import { setTimeout as pause } from 'node:timers/promises';
import { isMlnError } from '@mln/core';
import { isUnreachable } from '../client/unreachable.js';
import { timeoutOf, type Options } from '../options.js';

/** Milliseconds until something is tried again, and the most that are waited; each time is twice the last. */
const FIRST = 100;
const LONGEST = 2000;
/** How many times as long as an answer may take a server that was there may be gone. */
const PATIENCE = 6;

/** Milliseconds that a server that was there may be gone: so long a daemon takes that is started anew. */
export function patienceOf(options: Options): number {
  return PATIENCE * timeoutOf(options);
}

/** Does something that may be done twice, and again while the server is gone, so many milliseconds at most, or until the signal. */
export async function insist<T>(act: () => Promise<T>, limit: number, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + limit;
  for (let wait = FIRST; ; wait = Math.min(wait * 2, LONGEST))
    try {
      return await act();
    } catch (error) {
      const draining = isMlnError(error) && error.code === 'MLN_DAEMON';
      if (!(draining || isUnreachable(error)) || performance.now() + wait > deadline) throw error;
      await pause(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
}
