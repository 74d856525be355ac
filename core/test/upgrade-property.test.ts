import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cutOff, readJournal } from '../src/journal.js';
import { fc } from '../../test/support/fast-check.js';
import { projectPairs, type ProjectPair } from './upgrade-projects.js';
import { furnish, look, touched, upgradeWorld, type UpgradeWorld } from './upgrade-world.js';

/*
 * The law of upgrades: a project that was built from one text and upgraded to another is what a build of the other would
 * have made; what is as it is to be is not touched; and the way back leads back. RUNS chooses how many pairs are tried.
 */

const runs = Number(process.env['RUNS'] ?? 300);
const memory = '/dev/shm';
const root = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'mln-upgrade-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

let upgraded: UpgradeWorld;
let built: UpgradeWorld;
beforeAll(async () => {
  await furnish(root);
  upgraded = await upgradeWorld(root, 'upgraded');
  built = await upgradeWorld(root, 'built');
});

async function law({ from, to, running, hosts, back }: ProjectPair): Promise<void> {
  upgraded.clear();
  built.clear();
  const [old, fresh] = [await upgraded.read(from), await upgraded.read(to)];
  const first = await upgraded.build(old);
  const before = await look(upgraded);
  if (running.length > 0) await upgraded.start(running);
  const second = await upgraded.upgrade(fresh);
  const names = fresh.project.hosts.map(({ name }) => name);
  if (running.length > 0) {
    await upgraded.stop();
    await upgraded.start();
    expect(names.filter((name) => !upgraded.up.has(name))).toEqual([]);
    await upgraded.stop();
  }
  const { pending } = await upgraded.state();
  expect(pending).toEqual([]);
  await built.build(fresh, first.project);
  // Where nothing but the places of words in the text differs, nothing is done.
  const places = second.version > first.version;
  expect(placed(await look(upgraded), places)).toEqual(placed(await look(built), places));

  const now = touched(upgraded);
  await upgraded.upgrade(fresh);
  expect(touched(upgraded)).toEqual(now);

  if (!back) return;
  const both = hosts.filter((name) => names.includes(name));
  await upgraded.upgrade(old, both.length > 0 ? { shrink: both.join(',') } : {});
  built.clear();
  await built.build(old, second.project);
  const again = await look(upgraded);
  expect(placed(again, false)).toEqual(placed(await look(built), false));
  expect(again.disks).toEqual(before.disks);
  expect(cutOff(await readJournal(join(upgraded.mln.folders.projects, 'p')))).toBeNull();
}

function placed(seen: unknown, places: boolean): unknown {
  return JSON.parse(
    JSON.stringify(seen, (key, value: unknown) =>
      !places && (key === 'place' || key === 'lines' || key === 'project.mln') ? undefined : value,
    ),
  );
}

/** So many pairs at a time, each time others. */
const AT_A_TIME = 500;
const seed = Number(process.env['SEED'] ?? 2006);
const parts = Array.from({ length: Math.ceil(runs / AT_A_TIME) }, (_, part) => ({
  seed: seed + part,
  numRuns: Math.min(AT_A_TIME, runs - part * AT_A_TIME),
}));

test.each(parts)(
  'of $numRuns pairs of projects (seed $seed), the upgrade from one to the other is the other',
  async (part) => {
    await fc.assert(fc.asyncProperty(projectPairs, law), {
      ...part,
      reporter: ({ failed, counterexample, errorInstance, numRuns }) => {
        if (!failed) return;
        const [{ from, to, running }] = counterexample ?? [{ from: '', to: '', running: [] }];
        const texts = `A.mln, ${running.join(' and ') || 'nothing'} runs:\n${from}\n\nB.mln:\n${to}\n`;
        const error = errorInstance instanceof Error ? errorInstance : new Error(String(errorInstance));
        error.message = `pair ${numRuns}, SEED=${part.seed}\n${texts}\n${error.message}`;
        throw error;
      },
    });
  },
  600_000,
);
