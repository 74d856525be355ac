import { setTimeout as pause } from 'node:timers/promises';
import type { Status } from '@mln/core';
import type { Daemon } from '../server/route.js';
import { guestsHere, type Guest } from './server-status.js';

/** What a guest that runs uses just now: `GET /v1/top`. Null is what its back end cannot know. */
export interface Usage {
  readonly project: string;
  readonly host: string;
  /** Percent of one processor; a guest with several can have more than 100. */
  readonly cpu: number | null;
  /** Bytes of the physical host’s memory. */
  readonly memory: number | null;
  /** Bytes in a second. */
  readonly received: number | null;
  readonly sent: number | null;
}

type Ground = Pick<Daemon, 'mln' | 'projectFolders'>;

/** What was seen of all guests at one time; milliseconds of a clock that nobody sets. */
interface Sample {
  readonly at: number;
  readonly guests: readonly Guest[];
  readonly statuses: ReadonlyMap<string, Status>;
}

/** Milliseconds between two samples: with less a rate says nothing, with more it is not of just now. */
const LEAST = 500;
const MOST = 30_000;

/** What was seen last, for whoever asks again and again, and what is being looked at. */
interface Seen {
  before: Sample | null;
  last: Sample | null;
  looking: Promise<readonly Usage[]> | null;
}

const seen = new WeakMap<object, Seen>();

/** What the guests that run here use: since they were last asked for, where that is not long ago, or else in half a second. */
export async function usageHere(ground: Ground): Promise<readonly Usage[]> {
  const known: Seen = seen.get(ground.mln) ?? { before: null, last: null, looking: null };
  seen.set(ground.mln, known);
  known.looking ??= measure(ground, known).finally(() => {
    known.looking = null;
  });
  return known.looking;
}

async function measure(ground: Ground, known: Seen): Promise<readonly Usage[]> {
  const age = known.last === null ? Infinity : performance.now() - known.last.at;
  // Two who ask at the same time are told the same.
  if (known.before && known.last && age < LEAST) return ratesOf(known.before, known.last);
  if (age > MOST) known.last = await sample(ground);
  const first = known.last;
  const left = LEAST - (performance.now() - (first?.at ?? 0));
  if (left > 0) await pause(left);
  known.before = first;
  known.last = await sample(ground);
  return ratesOf(first ?? known.last, known.last);
}

async function sample(ground: Ground): Promise<Sample> {
  const guests = await guestsHere(ground, true);
  const statuses = guests.flatMap((guest): [string, Status][] => (guest.status ? [[keyOf(guest), guest.status]] : []));
  return { at: performance.now(), guests, statuses: new Map(statuses) };
}

function keyOf({ project, host }: Guest): string {
  return `${project.directory} ${host.name}`;
}

function ratesOf(first: Sample, last: Sample): readonly Usage[] {
  const seconds = (last.at - first.at) / 1000;
  return last.guests.flatMap((guest): readonly Usage[] => {
    const [now, then] = [guest.status, first.statuses.get(keyOf(guest))];
    if (now?.state !== 'up') return [];
    // One that was started since has no rates yet.
    const same = then?.state === 'up' && then.id === now.id && seconds > 0;
    const rate = (of: (status: Status) => number | null | undefined): number | null => {
      const [one, other] = [same ? of(then) : null, of(now)];
      return one == null || other == null ? null : Math.max(0, (other - one) / seconds);
    };
    const share = rate(({ cpu }) => cpu);
    return [
      {
        project: guest.project.name,
        host: guest.host.name,
        cpu: now.cpuPercent ?? (share === null ? null : share * 100),
        memory: now.memory,
        received: rate(({ network }) => network?.received),
        sent: rate(({ network }) => network?.sent),
      },
    ];
  });
}
