import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { atSteps, openKillLab, project, type KillLab } from './kill-lab.js';

/*
 * A guest's project goes into a file with its disk, and comes back where nothing of it is left. The import is killed at
 * every step of its build: then there is no project, or the one with the guest's own disk.
 */

let lab: KillLab;
let archive = '';

beforeAll(async () => {
  lab = await openKillLab();
  archive = join(lab.folder, 'p.mlnx');
  await lab.ok('build', '-f', lab.write('p.mln', project('48M')));
  await lab.ok('start', '-p', 'p', '--wait');
  await lab.type('p', 'a', 'echo "of the guest" >/root/kept; sync');
  await lab.ok('stop', '-p', 'p');
  await lab.ok('export', '-p', 'p', '--with-disks', archive);
  await lab.ok('remove', '-p', 'p', '-y');
  await lab.ok('template', 'remove', 'tiny', '-y').catch(() => lab.ok('template', 'remove', 'tiny'));
}, 120_000);
afterAll(async () => {
  await lab.close();
});

/** What the guest has written, as its disk has it; null where there is no project. */
async function kept(): Promise<string | null> {
  if (lab.content('p') === null) return null;
  return (await lab.run('debugfs', ['-R', 'cat /root/kept', join(lab.projects, 'p/a/root.img')])).stdout;
}

test('a kill at any step leaves no project, or the whole one', async () => {
  const found: (string | null)[] = [];
  // An import replaces nothing.
  for (const kill of atSteps('build').filter(({ at }) => !/moveOld|removeOld/.test(at ?? ''))) {
    await lab.killed(kill, 'import', '-y', archive);
    await lab.ok('clean');
    found.push(await kept());
    if (lab.content('p') !== null) await lab.ok('remove', '-p', 'p', '-y');
    expect(lab.files().filter((path) => !/^(tiny|kept$)/.test(path))).toEqual([]);
  }
  const first = found.findIndex((each) => each !== null);
  expect(first).toBeGreaterThan(3);
  expect(found.slice(first)).toEqual(found.slice(first).map(() => 'of the guest\n'));
  expect(await lab.mln('import', '-y', archive)).toMatchObject({ code: 0 });
}, 120_000);

test('the guest goes on with what it had', async () => {
  await lab.ok('start', '-p', 'p', '--wait');
  expect(await lab.type('p', 'a', 'cat /root/kept')).toContain('of the guest');
  await lab.ok('stop', '-p', 'p');
  expect(await lab.fsck('p', 'a')).toBe('');
}, 120_000);
