import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StepOf } from '../../core/src/steps.js';
import { atSteps, openKillLab, project, type Kill, type KillLab } from './kill-lab.js';

/*
 * mln is killed at every step of every operation. The next command ends in the old state or in the new one and says in
 * which; nothing is left over; and what was cut off can be done again.
 */

let lab: KillLab;
let [one, other] = ['', ''];
/** What a clean run leaves when the project is built, and when it is removed. */
const clean = { built: [] as readonly string[], removed: [] as readonly string[] };

beforeAll(async () => {
  lab = await openKillLab();
  [one, other] = [lab.write('one.mln', project('48M')), lab.write('other.mln', project('56M'))];
  await lab.ok('build', '-f', one);
  await lab.ok('remove', '-p', 'p', '-y');
  clean.removed = lab.files();
  await lab.ok('build', '-f', one);
  clean.built = lab.files();
}, 120_000);
afterAll(async () => {
  await lab.close();
});

const MiB = 1024 * 1024;
/** Whether host a's disk is a copy of its template, and stands on nothing. */
const isWhole = (): boolean => readFileSync(join(lab.projects, 'p/a/root.img')).subarray(0, 4).toString() !== 'OOOM';
const memory = (): unknown =>
  (JSON.parse(readFileSync(join(lab.projects, 'p/state.json'), 'utf8')) as { project: { hosts: { memory: number }[] } })
    .project.hosts[0]?.memory;
/** How large host a's disk is, in bytes: its file, its filesystem, and as the state has it. */
async function rootDisk(): Promise<object> {
  const disk = join(lab.projects, 'p/a/root.img');
  const { stdout } = await lab.run('dumpe2fs', ['-h', disk]);
  const number = (label: string): number => Number(new RegExp(`^${label}: +(\\d+)$`, 'm').exec(stdout)?.[1]);
  const { project: kept } = JSON.parse(readFileSync(join(lab.projects, 'p/state.json'), 'utf8')) as {
    project: { hosts: { disks: { size: number }[] }[] };
  };
  return {
    file: statSync(disk).size,
    filesystem: number('Block count') * number('Block size'),
    state: kept.hosts[0]?.disks[0]?.size,
  };
}
/** The project is built, as `one` has it, and nothing runs. */
async function built(): Promise<void> {
  if (lab.processes().length > 0) await lab.ok('stop', '-p', 'p', '-w', '0');
  await lab.quiet();
  const asBuilt = lab.files().join() === clean.built.join() && memory() === 48 * MiB && !isWhole();
  if (!asBuilt) await lab.ok('build', '-y', '-f', one);
  expect(lab.files()).toEqual(clean.built);
}

/** After a build was killed, mln puts things right, and the old project is there, or the new one. */
async function settlesBuild(old: string | null): Promise<'old' | 'new'> {
  const { code, stderr } = await lab.mln('clean');
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^the build of p that was cut off is .*\n$/),
  });
  const isNew = stderr.includes('is finished: the new project is in place');
  if (isNew) {
    expect(memory()).toBe(56 * MiB);
    expect(await lab.fsck('p', 'a')).toBe('');
  } else {
    expect(stderr).toContain('is taken back: the old project is ');
    expect(lab.content('p')).toBe(old);
  }
  expect(lab.files()).toEqual(clean.built);
  await lab.quiet();
  return isNew ? 'new' : 'old';
}

/** Kills in the midst of a step, alone or with all that mln has begun. */
const midst: Kill[] = ['.p.new/a/start', '.p.new/a/root'].flatMap((when) => [{ when }, { when, all: true }]);
describe('build', () => {
  beforeAll(built, 60_000);

  test.each([...atSteps('build'), ...midst])(
    '%j, over an old project',
    async (kill) => {
      const old = lab.content('p');
      await lab.killed(kill, 'build', '-y', '-f', other);
      const found = await settlesBuild(old);
      const [, step = 'disks'] = kill.at?.split(' ') ?? [];
      expect(found).toBe(['moveNew', 'placeDisks', 'removeOld', 'end'].includes(step) ? 'new' : 'old');
      await lab.ok('build', '-y', '-f', one);
      expect(lab.files()).toEqual(clean.built);
      expect(await lab.fsck('p', 'a')).toBe('');
    },
    60_000,
  );

  test.each(atSteps('build').filter(({ at }) => !(at ?? '').endsWith('Old')))(
    '%j, of a first project',
    async (kill) => {
      await lab.ok('remove', '-y', '-p', 'p');
      await lab.killed(kill, 'build', '-f', one);
      const { code, stderr } = await lab.mln('build', '-y', '-f', one);
      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(
          ['build placeDisks', 'build end'].includes(kill.at ?? '')
            ? 'the build of p that was cut off is finished: the new project is in place\n'
            : 'the build of p that was cut off is taken back: nothing of it is left\n',
        ),
      });
      expect(lab.files()).toEqual(clean.built);
    },
    60_000,
  );
});

describe('remove', () => {
  test.each(atSteps('remove'))(
    '%j',
    async (kill) => {
      await built();
      const old = lab.content('p');
      await lab.killed(kill, 'remove', '-y', '-p', 'p');
      const { stderr } = await lab.mln('clean');
      if (kill.at === 'remove rename') {
        expect(stderr).toBe('the removal of p that was cut off is taken back: nothing of it is removed\n');
        expect(lab.content('p')).toBe(old);
        expect(await lab.states('p')).toEqual(['down', 'down']);
        await lab.ok('remove', '-y', '-p', 'p');
      } else expect(stderr).toBe('the removal of an earlier p, which was cut off, is finished\n');
      expect(lab.files()).toEqual(clean.removed);
      await lab.ok('build', '-f', one);
    },
    60_000,
  );
});

test.each(atSteps('flatten'))(
  '%j',
  async (kill) => {
    await built();
    const old = lab.content('p');
    expect(isWhole()).toBe(false);
    await lab.killed(kill, 'disk', 'flatten', 'a.p');
    const { stderr } = await lab.mln('clean');
    if (kill.at === 'flatten copy') {
      expect(stderr).toBe('the flattening of the disk of a.p, which was cut off, is taken back\n');
      expect(lab.content('p')).toBe(old);
      await lab.ok('disk', 'flatten', 'a.p');
    } else expect(stderr).toBe('the flattening of the disk of a.p, which was cut off, is finished\n');
    expect(isWhole()).toBe(true);
    expect(await lab.fsck('p', 'a')).toBe('');
    expect(lab.files()).toEqual(clean.built);
  },
  60_000,
);

test.each(atSteps('resize'))(
  '%j',
  async (kill) => {
    await built();
    await lab.ok('disk', 'flatten', 'a.p');
    const old = lab.content('p');
    await lab.killed(kill, 'disk', 'resize', 'a.p', '64M');
    const { stderr } = await lab.mln('clean');
    const before = ['resize disk', 'resize filesystem'].includes(kill.at ?? '');
    expect(stderr).toBe(
      `the resizing of the disk of a.p, which was cut off, is ${before ? 'taken back' : 'finished'}\n`,
    );
    if (before) {
      expect(lab.content('p')).toBe(old);
      await lab.ok('disk', 'resize', 'a.p', '64M');
    }
    expect(await rootDisk()).toEqual({ file: 64 * MiB, filesystem: 64 * MiB, state: 64 * MiB });
    expect(await lab.fsck('p', 'a')).toBe('');
    expect(lab.files()).toEqual(clean.built);
  },
  60_000,
);

test.each(atSteps('template add'))(
  '%j',
  async (kill) => {
    const image = join(lab.folder, 'templates/tiny/1.0/image');
    const before = lab.files();
    await lab.killed(kill, 'template', 'add', image, '--name', 'more');
    const { stdout, stderr } = await lab.mln('template', 'list');
    expect(stderr).toBe('a template add that was cut off is taken back: nothing of it is left\n');
    expect(stdout).toMatch(/^tiny@1\.0 .*\n$/);
    expect(lab.files()).toEqual(before);
    await lab.ok('template', 'add', image, '--name', 'more');
    await lab.ok('template', 'verify', 'more');
    await lab.ok('template', 'remove', 'more', '-y');
    expect(lab.files()).toEqual(before);
  },
  60_000,
);

test('what only looks changes nothing, and says where a project is that a kill has left between two names', async () => {
  await built();
  await lab.killed({ at: 'build moveNew' }, 'build', '-y', '-f', other);
  const before = lab.files();
  expect(await lab.ok('list')).toBe('');
  expect(await lab.mln('status', '-p', 'p')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no project p .*[^]*was cut off.*mln clean -p p/),
  });
  expect(lab.files()).toEqual(before);
  expect((await lab.mln('clean', '-p', 'p')).stderr).toContain('the new project is in place');
}, 60_000);

/** How each step of a recovery is come to: what is killed where, and what is lost besides. */
const recoveries: Readonly<Record<StepOf<'recover'>, { args: string[]; at: string; lost?: string; says: RegExp }>> = {
  finishRemoval: {
    args: ['remove', '-y', '-p', 'p'],
    at: 'remove folder',
    says: /removal of an earlier p, .* is finished/,
  },
  placeNew: { args: ['build', '-y', '-f', 'other.mln'], at: 'build moveNew', says: /is finished: the new project/ },
  placeOld: {
    args: ['build', '-y', '-f', 'other.mln'],
    at: 'build moveNew',
    lost: '.p.new/state.json',
    says: /is taken back: the old project is in place/,
  },
  takeBackBuild: {
    args: ['build', '-y', '-f', 'other.mln'],
    at: 'build state',
    says: /is taken back: the old project is as it was/,
  },
  placeDisks: {
    args: ['build', '-y', '-f', 'other.mln'],
    at: 'build placeDisks',
    says: /is finished: the new project/,
  },
  removeOld: { args: ['build', '-y', '-f', 'other.mln'], at: 'build removeOld', says: /is finished: the new project/ },
  units: {
    args: ['start', '-p', 'p'],
    at: 'start hosts',
    says: /an earlier start of p was cut off: 0 of 1 hosts run, and 1 of 1/,
  },
};

test.each(Object.entries(recoveries))(
  'killed once more, at recover %s',
  async (step, { args, at, lost, says }) => {
    await built();
    const old = lab.content('p');
    await lab.killed({ at }, ...args);
    if (lost !== undefined) rmSync(join(lab.projects, lost));
    await lab.killed({ at: `recover ${step}` }, 'clean', '-p', 'p');
    expect((await lab.mln('clean', '-p', 'p')).stderr).toMatch(says);
    if (says.source.includes('taken back')) expect(lab.content('p')).toBe(old);
    if (lab.processes().length > 0) await lab.ok('stop', '-p', 'p');
    await lab.quiet();
    expect((await lab.mln('clean')).stderr).toBe('');
    // A switch that has run leaves its log.
    const files = lab.files().filter((path) => !path.startsWith('p/s/switch.'));
    expect([clean.built, clean.removed]).toContainEqual(files);
  },
  60_000,
);
