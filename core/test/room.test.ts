import { expect, test } from '@jest/globals';
import { isMlnError } from '../src/errors.js';
import { createHooks } from '../src/hooks.js';
import type { Disk } from '../src/project.js';
import { requireRoom } from '../src/room.js';
import type { Room, Store } from '../src/store.js';
import { MiB } from '../src/values.js';
import { fakeHost, fakeProject } from './fake-project.js';

/* Disks of 10 MiB each in places called one and two; their paths say where, and what they share. */

const free: Readonly<Record<string, number>> = { one: 40 * MiB, two: 15 * MiB };

function roomOf(path: string, takes: number): Room | null {
  const [from = '', name] = path.split(' ');
  if (free[from] === undefined) return null;
  const shared = name === undefined ? {} : { shared: { name, takes: () => Promise.resolve(20 * MiB) } };
  return { from, takes, free: () => Promise.resolve(free[from] ?? 0), ...shared };
}

/** What is said of a build of disks with such paths. */
async function said(...paths: readonly string[]): Promise<string[]> {
  const hooks = createHooks();
  hooks.disk.tap('fake', ({ path }) => ({ room: (_, size) => roomOf(path, size) }) as Partial<Store> as Store);
  const host = fakeHost('a');
  const disks = paths.map((path) => ({ disk: { path, existing: false } as Disk, template: null, size: 10 * MiB }));
  try {
    await requireRoom({ hooks }, { units: [{ unit: host, disks, files: [], edits: [], record: null }] }, fakeProject());
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message }) => `${code} ${message}`);
  }
}

test.each([
  [['one', 'one', 'one', 'one']],
  [['two', 'one', 'one']],
  [['elsewhere', 'elsewhere', 'elsewhere', 'elsewhere', 'elsewhere']],
  [['one image', 'one image']],
])('%j have room', async (paths) => {
  expect(await said(...paths)).toEqual([]);
});

test('what is too much is told of all places at once', async () => {
  expect(await said('one', 'one', 'one', 'one', 'one', 'two', 'two')).toEqual([
    'MLN_NO_SPACE one has 40 MiB free, and the disks take 50 MiB',
    'MLN_NO_SPACE two has 15 MiB free, and the disks take 20 MiB',
  ]);
});

test('what disks share is counted once for each', async () => {
  expect(await said('one image', 'one image', 'one')).toEqual([
    'MLN_NO_SPACE one has 40 MiB free, and the disks take 50 MiB',
  ]);
  expect(await said('one image', 'one another')).toEqual([
    'MLN_NO_SPACE one has 40 MiB free, and the disks take 60 MiB',
  ]);
});
