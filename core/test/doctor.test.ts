import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { clockCheck, nodeCheck } from '../src/doctor-core.js';
import { withScratch, type Scratch } from '../src/doctor-scratch.js';
import { createCheckList, examine, type Check, type Finding } from '../src/doctor.js';
import { failure } from '../src/errors.js';
import { scratchFolder } from './scratch.js';

const noScratch: Scratch = { folder: () => Promise.reject(new Error('not to be used here')) };

function check(id: string, run: () => Promise<Finding>, more: Partial<Check> = {}): Check {
  return { id, group: 'g', title: id, need: 'always', run, ...more };
}
const find =
  (finding: Finding): (() => Promise<Finding>) =>
  () =>
    Promise.resolve(finding);
const missing = find({ state: 'missing', detail: 'not here', packages: ['one', 'two', 'one'] });

test('what is missing is absent where nobody needs it, and who asks needs it', async () => {
  const checks = (['always', 'asked', 'never'] as const).map((need) => ({
    plugin: 'p',
    check: check(need, missing, { need }),
  }));
  const states = async (asked: boolean): Promise<string[]> =>
    (await examine(checks, noScratch, () => asked)).map(({ state }) => state);
  expect(await states(false)).toEqual(['missing', 'absent', 'absent']);
  expect(await states(true)).toEqual(['missing', 'missing', 'absent']);
});

test('a check that fails is told with its plug-in, and ends no other', async () => {
  const list = createCheckList();
  await list.from('good', (checks) => {
    checks.add(check('a', find({ state: 'ok', detail: 'well' })));
  });
  await list.from('bad', (checks) => {
    checks.add(check('b', () => Promise.reject(new TypeError('x is\n  undefined'))));
    checks.add(
      check('c', () => {
        throw new Error('at once');
      }),
    );
    checks.add(check('d', () => Promise.reject(failure('MLN_IO', 'it cannot be read', { hint: 'mend it' }))));
  });
  await list.from('worse', () => Promise.reject(new Error('no checks')));
  const found = await examine(list.all, noScratch, () => false);
  expect(found.map(({ plugin, state, detail, remedy }) => [plugin, state, detail, remedy])).toEqual([
    ['good', 'ok', 'well', null],
    ['bad', 'missing', 'the plug-in bad failed in its check b: x is; undefined', expect.stringContaining('fault')],
    ['bad', 'missing', 'the plug-in bad failed in its check c: at once', expect.stringContaining('fault')],
    ['bad', 'missing', 'it cannot be read', 'mend it'],
    ['worse', 'missing', 'the plug-in worse failed in its check checks: no checks', expect.stringContaining('fault')],
  ]);
});

test('a check that does not end is given up, and the others are told', async () => {
  const never = check('never', () => new Promise<Finding>(() => undefined), { limit: 0.01 });
  const list = createCheckList();
  list.add(never, check('other', find({ state: 'ok', detail: 'done' })));
  expect(await examine(list.all, noScratch, () => false)).toMatchObject([
    { check: 'never', state: 'missing', detail: 'nothing is known after 0.01 s' },
    { check: 'other', state: 'ok', plugin: 'core' },
  ]);
});

test('packages make the remedy where none is given', async () => {
  const list = createCheckList();
  list.add(check('a', missing), check('b', find({ state: 'missing', detail: 'x', remedy: 'do', packages: ['one'] })));
  expect((await examine(list.all, noScratch, () => false)).map(({ remedy }) => remedy)).toEqual([
    'apt-get install one two',
    'do',
  ]);
});

test('groups stand together, in the order of their first check', async () => {
  const list = createCheckList();
  const ok = find({ state: 'ok', detail: '' });
  list.add(check('a', ok, { group: 'x' }), check('b', ok, { group: 'y' }), check('c', ok, { group: 'x' }));
  expect((await examine(list.all, noScratch, () => false)).map((each) => each.check)).toEqual(['a', 'c', 'b']);
});

test('scratch folders go when the work is done, also when it fails', async () => {
  const folder = scratchFolder();
  const work = withScratch(async (scratch) => {
    const made = await scratch.folder(join(folder, 'not/yet/there'));
    mkdirSync(join(made, 'within'));
    expect(readdirSync(folder)).toHaveLength(1);
    throw new Error('failed');
  });
  await expect(work).rejects.toThrow('failed');
  expect(readdirSync(folder)).toEqual([]);
});

test('what an mln that was killed has left goes with the next, what a living one has does not', async () => {
  const folder = scratchFolder();
  const [dead, living, young, other] = [
    '.mln-doctor-999999999-a',
    `.mln-doctor-${process.pid}-b`,
    '.mln-doctor-999999999-c',
    '.other',
  ].map((name) => join(folder, name)) as [string, string, string, string];
  for (const each of [dead, living, young, other]) {
    mkdirSync(each);
    writeFileSync(join(each, 'file'), '');
    if (each !== young) utimesSync(each, 1, 1);
  }
  await withScratch(async (scratch) => {
    await scratch.folder(folder);
  });
  expect([dead, living, young, other].map((each) => existsSync(each))).toEqual([false, true, true, true]);
});

test('a folder that nothing can be written in is told', async () => {
  const file = join(scratchFolder(), 'file');
  writeFileSync(file, '');
  await expect(withScratch((scratch) => scratch.folder(join(file, 'projects')))).rejects.toMatchObject({
    message: expect.stringContaining(`nothing can be written in ${file}`),
    problems: [{ hint: expect.stringContaining('another folder') }],
  });
});

test.each([
  ['18.20.0', 'missing'],
  ['20.18.9', 'missing'],
  ['20.19.0', 'ok'],
  ['22.1.0', 'ok'],
])('Node %s is %s', async (version, state) => {
  expect(await nodeCheck(version).run(noScratch)).toMatchObject({ state });
});

test('a file from the future tells that the clock is or was wrong', async () => {
  const folder = scratchFolder();
  const image = join(folder, 'templates/tiny/1.0');
  mkdirSync(image, { recursive: true });
  const folders = { projects: join(folder, 'projects'), templates: join(folder, 'templates'), files: folder };
  const run = (): Promise<Finding> => clockCheck(folders).run(noScratch);
  expect(await run()).toMatchObject({ state: 'ok' });
  utimesSync(image, 4e9, 4e9);
  expect(await run()).toMatchObject({
    state: 'warning',
    detail: `${image} was changed at 2096-10-02T07:06:40.000Z, which is not yet`,
  });
});
