import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@mln/core';

/** Milliseconds between two attempts: the first pause, and the longest. */
const FIRST = 100;
const LONGEST = 5000;

/** Something that holds until it ends. */
export interface Held {
  /** Why it has ended; never, where it holds by itself. */
  readonly ended: Promise<string>;
  end(): void;
}

/** Holds something for as long as it is wanted. */
export interface Keeper {
  /** Whether it holds now. */
  holds(): boolean;
  /** Resolves once it holds; rejects with what has failed when that is final, or the signal comes first. */
  up(signal: AbortSignal): Promise<void>;
  /** Resolves when it is kept no longer. */
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

export interface Kept {
  /** Brings it about; null: it is not wanted any more. */
  readonly attempt: (signal: AbortSignal) => Promise<Held | null>;
  /** Whether nothing is to be expected of the next attempts, either: they are made, and not waited for. */
  readonly final: (problem: unknown) => boolean;
  /** Is told of each change, once: null when it holds, or what went wrong. */
  readonly told: (problem: unknown) => void;
}

/** Brings something about, and again whenever it has ended or could not be had, with pauses that grow. */
export function keep({ attempt, final, told }: Kept): Keeper {
  const stopping = new AbortController();
  const { signal } = stopping;
  const isStopped = (): boolean => signal.aborted;
  const waiting = new Set<() => void>();
  let held: Held | null = null;
  const isHeld = (): boolean => held !== null;
  let problem: unknown = new Error('there is no answer yet');
  let last: string | null = null;

  const tell = (now: unknown, brought: Held | null = null): void => {
    const text = now === null ? null : messageOf(now);
    if (now !== null) problem = now;
    held = brought;
    if (held || final(now)) for (const wake of waiting) wake();
    if (text !== last || text === null) told(now);
    last = text;
  };

  const stopped = aborted(signal);
  const run = async (): Promise<void> => {
    for (let pause = FIRST; !isStopped(); pause = Math.min(pause * 2, LONGEST)) {
      try {
        const brought = await attempt(signal);
        if (brought === null) {
          problem = new Error('it runs no longer');
          return;
        }
        const since = performance.now();
        if (!isStopped()) tell(null, brought);
        const why = await Promise.race([brought.ended, stopped]);
        if (isStopped()) {
          brought.end();
          return;
        }
        tell(new Error(why));
        if (performance.now() - since > LONGEST) pause = FIRST / 2;
      } catch (error) {
        if (isStopped()) return;
        tell(error);
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const over = run().finally(() => {
    held = null;
  });

  return {
    over,
    holds: isHeld,
    async up(limit) {
      if (isHeld()) return;
      let wake: () => void = () => undefined;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      waiting.add(wake);
      try {
        await Promise.race([woken, over, aborted(limit)]);
      } finally {
        waiting.delete(wake);
      }
      if (!isHeld()) throw problem;
    },
    async stop() {
      stopping.abort();
      await over;
    },
  };
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('');
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve('');
        },
        { once: true },
      );
  });
}
