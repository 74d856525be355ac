import { expect, test } from '@jest/globals';
import { unknownStatus, type Status } from '@mln/core';
import { judge, started, type KeptHost, type Seen, type Verdict } from '../../src/fleet/kept-host.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A host before a keeper’s eyes: each look is at a time of the test’s own. */
function watch(): {
  readonly look: (at: number, state: Status['state'], more?: Partial<Seen>) => Verdict;
  readonly start: (at: number) => void;
} {
  let kept: KeptHost | undefined;
  return {
    look(at, state, more = {}) {
      const order = { wanted: 'up', operation: 'by-hand' } as const;
      const seen: Seen = {
        status: { ...unknownStatus, state },
        order,
        own: false,
        first: false,
        untouched: false,
        ...more,
      };
      const [next, verdict] = judge(kept, seen, at);
      kept = next;
      return verdict;
    },
    start(at) {
      if (!kept) throw new Error('nobody has looked');
      kept = started(kept, at);
    },
  };
}

/** Lets a host die again and again, as soon as it was started; gives after how many milliseconds it is started each time. */
function dieUntilGivenUp(
  host: ReturnType<typeof watch>,
  from: number,
  lives = 0,
): { readonly waits: number[]; readonly at: number } {
  const waits: number[] = [];
  let at = from;
  for (let death = 0; death < 50; death += 1) {
    const verdict = host.look(at, 'down');
    if (verdict === 'given up') return { waits, at };
    expect(verdict).toBe('died');
    const died = at;
    while (host.look(at, 'down') !== 'start') at += 250;
    waits.push(at - died);
    host.start(at);
    if (lives > 0) expect(host.look((at += 1), 'up')).toBeNull();
    at += lives;
  }
  return { waits, at };
}

test('what died is started again after 1 s, then after twice as long, and given up after five times', () => {
  const host = watch();
  expect(host.look(0, 'up')).toBeNull();
  expect(dieUntilGivenUp(host, 5 * SECOND).waits).toEqual([1, 2, 4, 8, 16].map((seconds) => seconds * SECOND));
});

test('what is given up stays down, until somebody starts it', () => {
  const host = watch();
  host.look(0, 'up');
  const { at } = dieUntilGivenUp(host, SECOND);
  expect(host.look(at + 24 * 60 * MINUTE, 'down')).toBeNull();
  const again = { order: { wanted: 'up', operation: 'by-hand-again' } } as const;
  expect(host.look(at + 24 * 60 * MINUTE, 'up', again)).toBeNull();
  expect(host.look(at + 24 * 60 * MINUTE + SECOND, 'down', again)).toBe('died');
});

test('a start of the keeper’s own is nobody’s word', () => {
  const host = watch();
  host.look(0, 'up');
  const { at } = dieUntilGivenUp(host, SECOND);
  const own = { order: { wanted: 'up', operation: 'own' }, own: true } as const;
  expect(host.look(at + MINUTE, 'down', own)).toBeNull();
});

test('what lives for minutes waits longer each time, at most 5 minutes, and is not given up', () => {
  const host = watch();
  host.look(0, 'up');
  const { waits } = dieUntilGivenUp(host, SECOND, 4 * MINUTE);
  expect(waits).toHaveLength(50);
  expect(waits.slice(0, 10).map((wait) => wait / SECOND)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
  expect(Math.max(...waits)).toBe(5 * MINUTE);
});

test('what has run for 10 minutes begins anew', () => {
  const host = watch();
  host.look(0, 'up');
  host.look(1, 'down');
  expect(host.look(1001, 'down')).toBe('start');
  host.start(1001);
  host.look(1002, 'up');
  expect(host.look(1002 + 10 * MINUTE, 'up')).toBeNull();
  expect(dieUntilGivenUp(host, 1003 + 10 * MINUTE).waits).toHaveLength(5);
});

test.each<[what: string, state: Status['state'], more: Partial<Seen>]>([
  ['was stopped on purpose', 'down', { order: { wanted: 'down', operation: 'stop' } }],
  ['has its memory saved', 'down', { status: { ...unknownStatus, state: 'down', saved: true } }],
  ['nobody knows of', 'unknown', {}],
  ['runs', 'up', {}],
  ['was never started, while another of its project was', 'down', { order: undefined, untouched: false }],
])('what %s is left alone, also when the server starts', (_what, state, more) => {
  const host = watch();
  for (const [at, first] of [
    [0, true],
    [MINUTE, false],
    [20 * MINUTE, false],
  ] as const)
    expect(host.look(at, state, { first, ...more })).toBeNull();
});

test('when the server starts, what was up is started at once, and what was built and never touched', () => {
  expect(watch().look(0, 'down', { first: true })).toBe('start');
  expect(watch().look(0, 'down', { first: true, order: undefined, untouched: true })).toBe('start');
  const built = watch();
  expect(built.look(0, 'down', { order: undefined, untouched: true })).toBeNull();
});

test('one that was stopped on purpose while it was about to be started is left alone', () => {
  const host = watch();
  host.look(0, 'up');
  expect(host.look(1, 'down')).toBe('died');
  const stop = { order: { wanted: 'down', operation: 'stop' } } as const;
  expect(host.look(2000, 'down', stop)).toBeNull();
  expect(host.look(60_000, 'down', stop)).toBeNull();
});
