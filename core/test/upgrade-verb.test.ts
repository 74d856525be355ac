import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { clean } from '../src/cli/verbs/clean.js';
import { writeState } from '../src/state.js';
import { KEPT_FOR } from '../src/upgrade/kept.js';
import { first, run, second, versions, world } from './verb-world.js';

test('seconds are for guests that do not stop: one that boots for longer has not failed', async () => {
  await versions(first);
  await world.start();
  const { version } = await world.upgrade(await world.read(second), { wait: '1' });
  expect(version).toBe(2);
  expect(world.up.has('a')).toBe(true);
});

test('disks that were kept for long enough go when mln cleans, and no sooner', async () => {
  await versions(first, second);
  const state = await world.state();
  const { directory } = state.project;
  expect(state.kept.map(({ host }) => host.name)).toEqual(['b']);
  await run(clean, ['p']);
  expect(existsSync(join(directory, '.kept/1/b'))).toBe(true);
  const at = new Date(Date.now() - KEPT_FOR - 1000).toISOString();
  await writeState(directory, { ...state, kept: state.kept.map((each) => ({ ...each, at })) });
  expect((await run(clean, ['p'])).noted).toEqual(['kept for long enough, and removed: b, of version 1']);
  expect(existsSync(join(directory, '.kept'))).toBe(false);
  expect((await world.state()).kept).toEqual([]);
});
