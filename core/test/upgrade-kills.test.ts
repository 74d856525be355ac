import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { cutOff, readJournal } from '../src/journal.js';
import { steps } from '../src/steps.js';
import { seenIn, upgradeLab, upIn, type UpgradeLab, type UpgradeTask } from './upgrade-kill-run.js';

/*
 * An upgrade that is killed anywhere is, after the next command, wholly taken back or wholly finished: at each step that
 * it announces, and at each change of a file that it makes; and so is one whose recovery is killed in its turn.
 */

const lab = await upgradeLab();
const old = seenIn(lab);
const whole = lab.copy();
const [way] = (await whole.run({ verb: 'upgrade' })) ?? never();
const done = seenIn(whole);
const limit = pLimit(availableParallelism());

/** What is to be said, and is then so; and which units a start then runs. */
const ends = [
  {
    says: 'the upgrade of p that was cut off is taken back: version 1 is as it was',
    seen: old,
    units: ['a', 'b', 'c', 'e', 'g', 'lan', 'old'],
  },
  {
    says: 'the upgrade of p that was cut off is finished: version 2 is in place',
    seen: done,
    units: ['a', 'b', 'd', 'f', 'g', 'lan', 'new'],
  },
] as const;

function never(): never {
  throw new Error('it was killed unasked');
}

/** Lets the next command put right what a task left, and looks whether all is as it says. Gives its verdict. */
async function expectSettled(at: UpgradeLab, what: string): Promise<(typeof ends)[number] | undefined> {
  const [{ said }, second] = (await at.run({ verb: 'clean' }, { verb: 'clean' })) ?? never();
  const [sentence = ''] = said;
  const seen = seenIn(at);
  // Where all was done but the last word, nothing is said.
  const end =
    ends.find(({ says }) => sentence.startsWith(says)) ??
    (sentence === '' ? ends.find((each) => each.seen.version === seen.version) : undefined);
  expect([what, said, second.said, seen]).toEqual([what, said.slice(0, 1), [], end?.seen]);
  expect([what, cutOff(await readJournal(join(at.root, 'projects/p')))]).toEqual([what, null]);
  // What the upgrade had stopped, and nobody has started again, is named.
  const lost = ['a', 'g'].filter((name) => !upIn(at).includes(name)).join();
  const hint = lost === '' ? '' : `; ${lost} ran before it: mln start -p p -h ${lost}`;
  if (sentence !== '') expect([what, sentence]).toEqual([what, `${end?.says ?? ''}${hint}`]);
  return end;
}

/** Kills an upgrade, and expects the next command to put it right. */
async function kill(task: UpgradeTask, what: string): Promise<boolean> {
  const at = lab.copy();
  expect([what, await at.run(task)]).toEqual([what, null]);
  const end = await expectSettled(at, what);
  if (task.killAtStep !== undefined) {
    expect([what, await at.run({ verb: 'start' })]).toMatchObject([what, [{ said: [] }]]);
    expect([what, upIn(at).filter((name) => end?.units.some((unit) => unit === name))]).toEqual([what, end?.units]);
  }
  return end?.seen === done;
}

function each<T, R>(given: readonly T[], act: (one: T, number: number) => Promise<R>): Promise<R[]> {
  return Promise.all(given.map((one, index) => limit(() => act(one, index + 1))));
}

const flip = way.steps.indexOf('upgrade commit');

test('the upgrade comes to every step but those of hosts that move, and does what it is to do', () => {
  expect(way.said).toEqual([
    'p is upgraded to version 2: 3 hosts changed, 1 host new, 1 host removed; g ran on, and find what is new at their next start',
  ]);
  const all = steps.upgrade.filter((step) => step !== 'give').map((step) => `upgrade ${step}`);
  expect(new Set(way.steps)).toEqual(new Set(all));
  expect([done.pending, done.kept]).toEqual([['g'], ['c 1 removed']]);
  expect(upIn(whole)).toEqual(['a', 'd', 'g', 'lan']);
});

test('killed at any step: before the flip it is taken back, and finished from then on', async () => {
  const finished = await each(way.steps, (step, number) =>
    kill({ verb: 'upgrade', killAtStep: number }, `${number} ${step}`),
  );
  expect(finished).toEqual(way.steps.map((_, index) => index >= flip));
}, 120_000);

/** Scripts of units are written and moved all alike: those of one host will do. Gives numbers, counted from 1. */
function telling(changes: readonly string[]): readonly number[] {
  return changes.flatMap((change, index) =>
    /\/(?!a\/)[^/]+\/(start|stop|card-\w+\.cfg)$/.test(change) ? [] : [index + 1],
  );
}

test('killed at any change of a file', async () => {
  const finished = await each(telling(way.changes), (number) =>
    kill({ verb: 'upgrade', killAtChange: number }, `${number} ${way.changes[number - 1] ?? ''}`),
  );
  // There is one moment from which on it is finished.
  expect(finished).toEqual(finished.toSorted((one, other) => Number(one) - Number(other)));
}, 240_000);

test('an error at any step', async () => {
  await each(way.steps, async (step, number) => {
    const what = `${number} ${step}`;
    const at = lab.copy();
    const [{ said }] = (await at.run({ verb: 'upgrade', failAtStep: number })) ?? never();
    expect([what, said.join()]).toEqual([what, expect.stringContaining(`${step.split(' ')[1] ?? ''} fails`)]);
    const end = await expectSettled(at, what);
    // It is taken back at once, and what ran runs.
    if (number <= flip) expect([what, end?.seen, upIn(at)]).toEqual([what, old, upIn(lab)]);
  });
}, 120_000);

test.each(['prepared', 'commit', 'finish'])(
  'killed once more amid the recovery of one that was killed at %s',
  async (step) => {
    const first = lab.copy();
    expect(await first.run({ verb: 'upgrade', killAtStep: way.steps.indexOf(`upgrade ${step}`) + 1 })).toBeNull();
    const [{ changes, steps: recovering }] = (await first.copy().run({ verb: 'clean' })) ?? never();
    expect([changes.length > 3, recovering]).toEqual([true, ['recover units']]);
    const tasks: UpgradeTask[] = [
      { verb: 'clean', killAtStep: 1 },
      ...telling(changes).map((killAtChange): UpgradeTask => ({ verb: 'clean', killAtChange })),
    ];
    await each(tasks, async (task) => {
      const at = first.copy();
      const what = `${JSON.stringify(task)} ${changes[(task.killAtChange ?? 0) - 1] ?? ''}`;
      expect([what, await at.run(task)]).toEqual([what, null]);
      await expectSettled(at, what);
    });
  },
  240_000,
);
