import { failure, isMlnError, type Mln } from '@mln/core';

/** That an operation is to end before its time. */
export interface Cancellation {
  readonly asked: boolean;
  /** Aborted when it is asked for. */
  readonly signal: AbortSignal;
  /** Throws what ends the operation, where that is asked for. */
  check(): void;
  /** Tells whether an error is that. */
  is(error: unknown): boolean;
  close(): void;
}

/** Steps at which an operation can be left in its old state, or as far as it came; see the core's steps.ts. */
const safe: Readonly<Record<string, readonly string[]>> = {
  build: ['scripts', 'disks', 'state', 'sync', 'moveOld'],
  // From `commit` on it is decided, and finished.
  upgrade: ['scripts', 'disks', 'stop', 'give', 'edit', 'prepared'],
  remove: ['rename'],
};
/** Every step but these. */
const unsafe = ['end', 'recover'];

/**
 * Watches for a signal that ends the operation at the next safe point: what was begun of a build or an upgrade is
 * undone, a start or a stop stays as far as it came.
 */
export function createCancellation(mln: Mln, isAsked: () => boolean): Cancellation {
  const controller = new AbortController();
  let thrown: unknown;
  const ask = (): void => {
    controller.abort();
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const each of signals) process.on(each, ask);
  if (isAsked()) ask();
  const check = (): void => {
    if (!controller.signal.aborted) return;
    thrown = failure('MLN_PARTLY', 'the operation is cancelled');
    throw thrown as Error;
  };
  mln.hooks.event.intercept({
    call({ operation: { name }, state, step = '' }) {
      const may = Object.hasOwn(safe, name) ? safe[name]?.includes(step) : !unsafe.includes(step) && name !== 'recover';
      if (state === 'step' && may) check();
    },
  });
  return {
    get asked() {
      return controller.signal.aborted;
    },
    signal: controller.signal,
    check,
    is: (error) =>
      controller.signal.aborted &&
      thrown !== undefined &&
      isMlnError(error) &&
      error.message.includes('the operation is cancelled'),
    close() {
      for (const each of signals) process.off(each, ask);
    },
  };
}
