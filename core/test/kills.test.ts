import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { cutOff, readJournal } from '../src/journal.js';
import type { Project } from '../src/project.js';
import { steps, type StepOf, type SteppedOperation } from '../src/steps.js';
import { fc } from '../../test/support/fast-check.js';
import { killRun, bundledCore, type KillRun, type Task } from './kill-run.js';

/*
 * Every step of every operation is a moment at which a kill can come. The list of steps is walked here, so that a step
 * that recovery knows nothing of fails at once; and ways through several kills are tried. Real guests are in test/guests.
 */

let program = '';
beforeAll(() => {
  program = bundledCore();
}, 60_000);

/** What there is of the project: which version, what runs, what host b's disk is, and what should not be there. */
interface World {
  readonly version: number;
  readonly up: readonly string[];
  readonly saved: readonly string[];
  readonly disk: readonly string[];
  readonly templates: readonly string[];
  readonly left: readonly string[];
  readonly outside: readonly string[];
  /** How large host a's disk is by the state, by its filesystem and by its file, where it has been resized. */
  readonly sizes: readonly number[];
}

function worldOf({ root }: KillRun): World {
  const inProject = (path: string): string => join(root, 'projects/p', path);
  const names = (folder: string): string[] => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []);
  const text = existsSync(inProject('state.json')) ? readFileSync(inProject('state.json'), 'utf8') : null;
  const { project } = JSON.parse(text ?? '{}') as { project?: Project };
  const outside = (name: string): string => join(root, 'outside', name);
  const textOf = (name: string): string =>
    existsSync(outside(name)) ? readFileSync(outside(name), 'utf8').replaceAll('\0', '') : '';
  const grown = (name: string): number | null =>
    existsSync(outside(name)) && statSync(outside(name)).size > 100 ? statSync(outside(name)).size : null;
  const half = names('projects/p/b').filter((name) => !['up', 'saved', 'start', 'stop', 'disk'].includes(name));
  return {
    version: Number(project?.variables['version'] ?? 0),
    up: ['s', 'a', 'b'].filter((unit) => existsSync(inProject(`${unit}/up`))),
    saved: ['a', 'b'].filter((unit) => existsSync(inProject(`${unit}/saved`))),
    disk: project
      ? [
          readFileSync(inProject('b/disk'), 'utf8'),
          ...names('projects/p/images'),
          project.hosts[1]?.disks[0]?.store ?? '',
        ]
      : [],
    templates: names('templates').flatMap((name) => names(`templates/${name}`)),
    left: [
      ...names('projects').filter((name) => name !== 'p' || !project),
      ...names('templates').filter((name) => name.startsWith('.')),
      ...half,
    ],
    outside: names('outside').map((name) => `${name}: ${textOf(name).replace(/ .*/, '')}`),
    sizes: [project?.hosts[0]?.disks[0]?.size, / of (\d+)/.exec(textOf('a'))?.[1], grown('a')].flatMap((size) =>
      size === undefined || size === null ? [] : Number(size),
    ),
  };
}

function outsideOf(version: number): string[] {
  return version === 0 ? [] : [`a: ${version}`, `a-${version}: ${version}`];
}

/** Nothing is half made: whatever was done, and wherever it was killed, this holds after the next command. */
async function expectWhole(lab: KillRun): Promise<World> {
  const world = worldOf(lab);
  expect(world).toEqual({ ...world, left: [], outside: outsideOf(world.version) });
  expect([[], [8192, 8192, 8192]]).toContainEqual(world.sizes);
  expect(cutOff(await readJournal(join(lab.root, 'projects/p')))).toBeNull();
  return world;
}

const over = ['over', 'base', 'over'];
const world = (version: number, details: Partial<World> = {}): World => ({
  version,
  up: [],
  saved: [],
  disk: version === 0 ? [] : over,
  templates: [],
  left: [],
  outside: outsideOf(version),
  sizes: [],
  ...details,
});

interface Way {
  readonly from: readonly Task['verb'][];
  readonly verb: Task['verb'];
  readonly old: World;
  readonly done: World;
}

/** What each operation is tried from, and as; the old state and the new. That of `recover` is whatever was cut off; upgrades have tests of their own. */
const ways: Readonly<Record<Exclude<SteppedOperation, 'recover' | 'upgrade'>, Way>> = {
  build: { from: ['build 1'], verb: 'build 2', old: world(1), done: world(2) },
  start: { from: ['build 1'], verb: 'start', old: world(1), done: world(1, { up: ['s', 'a', 'b'] }) },
  stop: { from: ['build 1', 'start'], verb: 'stop', old: world(1, { up: ['s', 'a', 'b'] }), done: world(1) },
  remove: { from: ['build 1'], verb: 'remove', old: world(1), done: world(0) },
  flatten: { from: ['build 1'], verb: 'flatten', old: world(1), done: world(1, { disk: ['whole', 'file'] }) },
  resize: { from: ['build 1'], verb: 'resize', old: world(1), done: world(1, { sizes: [8192, 8192, 8192] }) },
  'template add': { from: ['build 1'], verb: 'template add', old: world(1), done: world(1, { templates: ['1.0'] }) },
};
const all = Object.entries(ways).flatMap(([name, way]) =>
  steps[name as keyof typeof ways].map((step) => ({ at: `${name} ${step}`, ...way })),
);
/** A host must be deaf, and is waited for, before it is killed: that is tried with guests. */
const quick = all.filter(({ at }) => at !== 'stop kill');
/** What saves memory comes to the steps of a stop, but for those that ask, halt and kill. */
const saving = quick
  .filter(({ at }) => /^stop (?!hosts|halt)/.test(at))
  .map((way) => ({ ...way, verb: 'save' as const, done: world(1, { saved: ['a', 'b'] }) }));

test.each([...quick.filter(({ at }) => at !== 'stop save'), ...saving])(
  '$verb killed at $at, the next command settles it and says how',
  async (way) => {
    const { at, from, old, done } = way;
    const verb = at === 'stop halt' ? 'destroy' : way.verb;
    const lab = killRun(program);
    expect(lab.run(...from.map((each) => ({ verb: each })), { verb, killAt: [at] })).toMatchObject({ killed: true });
    const [[sentence, ...more] = [], second] = lab.run({ verb: 'clean' }, { verb: 'clean' }).said;
    expect(sentence).toMatch(/(\bp\b|template add).*\bcut off\b/);
    expect([more, second]).toEqual([[], []]);
    const now = await expectWhole(lab);
    if (sentence?.includes('is taken back')) expect(now).toEqual(old);
    else if (sentence?.includes('is finished')) expect(now).toEqual(done);
    else {
      // Hosts that a start or a stop had not come to yet are as they were.
      const hosts = now.up.filter((unit) => unit !== 's');
      expect(sentence).toContain(
        `${hosts.length} of 2 hosts run, and ${now.up.length - hosts.length} of 1 switches; mln `,
      );
    }
    expect(lab.run({ verb })).toEqual({ killed: false, said: [[]] });
    expect(await expectWhole(lab)).toEqual(done);
  },
  30_000,
);

/** What is cut off, and where, so that a recovery comes to a step. */
const recoveries: Readonly<Record<StepOf<'recover'>, { from: Task['verb'][]; task: Task; lost?: string }>> = {
  finishRemoval: { from: ['build 1'], task: { verb: 'remove', killAt: ['remove disks'] } },
  placeNew: { from: ['build 1'], task: { verb: 'build 2', killAt: ['build moveNew'] } },
  placeOld: {
    from: ['build 1'],
    task: { verb: 'build 2', killAt: ['build moveNew'] },
    lost: 'projects/.p.new/state.json',
  },
  takeBackBuild: { from: ['build 1'], task: { verb: 'build 2', killAt: ['build state'] } },
  placeDisks: { from: ['build 1'], task: { verb: 'build 2', killAt: ['build placeDisks'] } },
  removeOld: { from: ['build 1'], task: { verb: 'build 2', killAt: ['build removeOld'] } },
  units: { from: ['build 1'], task: { verb: 'start', killAt: ['start hosts'] } },
};

test.each(Object.entries(recoveries))(
  'killed once more, at recover %s',
  async (step, { from, task, lost }) => {
    const [once, twice] = [killRun(program), killRun(program)];
    for (const lab of [once, twice]) {
      expect(lab.run(...from.map((verb) => ({ verb })), task).killed).toBe(true);
      if (lost !== undefined) rmSync(join(lab.root, lost));
    }
    expect(twice.run({ verb: 'clean', killAt: [`recover ${step}`] }).killed).toBe(true);
    expect(twice.run({ verb: 'clean' }).said).toEqual(once.run({ verb: 'clean' }).said);
    expect(await expectWhole(twice)).toEqual(worldOf(once));
  },
  30_000,
);

test.each(['state', 'moveNew', 'placeDisks', 'end'])(
  'the first build of a project, killed at %s, leaves nothing or all of it',
  async (step) => {
    const lab = killRun(program);
    expect(lab.run({ verb: 'build 1', killAt: [`build ${step}`] }).killed).toBe(true);
    const [[sentence = ''] = []] = lab.run({ verb: 'clean' }).said;
    expect(sentence).toMatch(/ that was cut off is (?:finished: the new project is in place|taken back: nothing)/);
    expect(await expectWhole(lab)).toEqual(world(sentence.includes('finished') ? 1 : 0));
    expect(sentence.includes('finished')).toBe(['placeDisks', 'end'].includes(step));
  },
  30_000,
);

test('a build whose disks cannot be brought to their places is finished by the next command', async () => {
  const lab = killRun(program);
  const { said } = lab.run({ verb: 'build 1' }, { verb: 'build 2', failAt: ['build placeDisks'] });
  expect(said).toEqual([[], ['placeDisks fails']]);
  const sentence = 'the build of p that was cut off is finished: the new project is in place';
  expect(lab.run({ verb: 'clean' }, { verb: 'clean' }).said).toEqual([[sentence], []]);
  expect(await expectWhole(lab)).toEqual(world(2));
});

test('a build that fails between its two renames leaves the old project in its place', () => {
  const lab = killRun(program);
  const { said } = lab.run({ verb: 'build 1' }, { verb: 'build 2', failAt: ['build moveNew'] });
  expect(said).toEqual([[], ['moveNew fails']]);
  expect(worldOf(lab)).toEqual(world(1));
  expect(lab.run({ verb: 'clean' }).said).toEqual([[]]);
});

test.each<Task['verb']>(['build 2', 'remove'])('%s refuses a project’s folder that is a symbolic link', (verb) => {
  const lab = killRun(program);
  lab.run({ verb: 'build 1' });
  const [folder, elsewhere] = [join(lab.root, 'projects/p'), join(lab.root, 'elsewhere')];
  renameSync(folder, elsewhere);
  symlinkSync(elsewhere, folder);
  const before = worldOf(lab);
  expect(lab.run({ verb }).said).toEqual([[expect.stringContaining(`${folder} is a symbolic link to ${elsewhere}`)]]);
  expect(worldOf(lab)).toEqual(before);
  expect(before.version).toBe(1);
});

test.each<[Task['verb'], number]>([
  ['build 2', 2],
  ['remove', 0],
])('before %s, units that died take away what they left, and no others are asked', (verb, version) => {
  const lab = killRun(program);
  lab.run({ verb: 'build 1' });
  for (const file of ['a/pid', 'a/half', 'b/half']) writeFileSync(join(lab.root, 'projects/p', file), '');
  expect(lab.run({ verb }).said).toEqual([['a: half is taken away']]);
  expect(worldOf(lab)).toEqual(world(version));
});

test('whatever is killed wherever, again and again, nothing is half made', async () => {
  const verbs: Task['verb'][] = ['build 1', 'build 2', 'start', 'stop', 'save', 'remove', 'flatten', 'resize', 'clean'];
  const places = [...quick.map(({ at }) => at), ...steps.recover.map((step) => `recover ${step}`)];
  const tasks = fc.array(
    fc.record({ verb: fc.constantFrom(...verbs), killAt: fc.subarray(places, { minLength: 6, maxLength: 14 }) }),
    { minLength: 2, maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(tasks, async (given) => {
      const lab = killRun(program);
      for (const task of given) {
        const before = worldOf(lab);
        const { killed } = lab.run(task);
        if (!killed) await expectWhole(lab);
        // Nothing but a build of it brings a version.
        const { version } = worldOf(lab);
        expect([0, before.version, Number(task.verb.split(' ')[1] ?? 0)]).toContain(version);
      }
      lab.run({ verb: 'clean' });
      await expectWhole(lab);
      expect(lab.run({ verb: 'clean' }).said).toEqual([[]]);
    }),
    { numRuns: 10 },
  );
}, 120_000);
