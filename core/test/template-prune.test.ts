import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makerTag } from '../src/template-owner.js';
import { prunable, prune } from '../src/template-prune.js';
import { announceUser } from '../src/template-users.js';
import { added, at, built, goneName, imageOf, open, versionFolder, versions } from './template-repository.js';

test.each([
  ['that nobody stands on is finished', false, 'finished', []],
  ['that a project stands on is taken back', true, 'taken back', ['t@1.0']],
])('a removal that was cut off, %s', async (_, used, how, left) => {
  await added(1);
  const image = imageOf('1.0');
  if (used) {
    await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
    built('p', { a: image });
  }
  renameSync(versionFolder('1.0'), join(at.folder, 't', goneName('1.0')));
  expect(await open().list()).toHaveLength(left.length);
  expect(at.notes).toEqual([`the removal of the template t@1.0, which was cut off, is ${how}`]);
  expect(await versions()).toEqual(left);
  expect(readdirSync(at.folder)).toEqual(used ? ['t'] : []);
});

test('what a removal that was cut off had hidden is found again by a build', async () => {
  await added(1);
  const image = imageOf('1.0');
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  built('p', { a: image });
  renameSync(versionFolder('1.0'), join(at.folder, 't', goneName('1.0')));
  expect((await open().find('t', '/')).path).toBe(image);
});

test('a removal that was cut off while it deleted is finished', async () => {
  await added(1);
  renameSync(versionFolder('1.0'), join(at.folder, 't', goneName('1.0')));
  rmSync(join(at.folder, 't', goneName('1.0'), 'image'), { force: true });
  expect(await open().list()).toEqual([]);
  expect(readdirSync(at.folder)).toEqual([]);
});

test('the number of a version that is being removed is not given to another: it may come back', async () => {
  await added(2);
  const living = join(at.folder, 't', `.1.1.gone${makerTag()}`);
  renameSync(versionFolder('1.1'), living);
  await added(1);
  expect(await versions()).toEqual(['t@1.2', 't@1.0']);
  await expect(open().add(imageOf('1.0'), { name: 't', version: '1.1' })).rejects.toMatchObject({
    code: 'MLN_TEMPLATE_EXISTS',
  });
  expect(existsSync(living)).toBe(true);
});

test('prune removes what nobody stands on, but the newest of each name', async () => {
  await added(4);
  await added(2, 'u');
  await announceUser(versionFolder('1.1'), join(at.projects, 'p'));
  built('p', { a: imageOf('1.1') });
  const ofPrunable = async (keep: number): Promise<string[]> =>
    (await prunable(at.folder, keep)).versions.map(({ name, version }) => `${name}@${version}`);
  expect(await ofPrunable(0)).toEqual(['t@1.3', 't@1.2', 't@1.0', 'u@1.1', 'u@1.0']);
  expect(await ofPrunable(2)).toEqual(['t@1.0']);
  expect(await ofPrunable(9)).toEqual([]);
  const found = await prunable(at.folder, 1);
  // Between the look and the removal a build has come.
  await announceUser(versionFolder('1.0', 'u'), join(at.projects, 'q'));
  built('q', { a: imageOf('1.0', 'u') });
  const { versions: gone, freed } = await prune(at.folder, found);
  expect(gone.map(({ name, version }) => `${name}@${version}`)).toEqual(['t@1.2', 't@1.0']);
  expect(freed).toBeGreaterThan(0);
  expect(await versions()).toEqual(['t@1.3', 't@1.1', 'u@1.1', 'u@1.0']);
});

test('prune leaves what a project that is not found may stand on; to look changes nothing', async () => {
  await added(3);
  for (const [version, name] of [
    ['1.0', 'away'],
    ['1.1', 'whole'],
  ] as const)
    await announceUser(versionFolder(version), join(at.projects, name));
  built('whole', {});
  // The lock of a process that is dead.
  writeFileSync(join(at.projects, '.whole.lock.999999999-00000000'), 'no JSON');
  const all = (): string[] =>
    [at.folder, at.projects].flatMap((each) => readdirSync(each, { recursive: true, encoding: 'utf8' })).sort();
  const before = all();
  const found = await prunable(at.folder, 0);
  expect(found.versions.map(({ version }) => version)).toEqual(['1.2', '1.1']);
  expect(all()).toEqual(before);
  await prune(at.folder, found);
  expect(await versions()).toEqual(['t@1.0']);
});

type Step = readonly ['add' | 'remove' | 'cut' | 'announce' | 'prune', number];

test('whatever is done, each version that is listed is what its manifest says, and what is in use is listed', async () => {
  const step = fc.tuple(fc.constantFrom('add', 'add', 'remove', 'cut', 'announce', 'prune'), fc.nat(5));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      rmSync(at.folder, { recursive: true, force: true });
      const inUse = new Set<string>();
      for (const [name, number] of steps as readonly Step[]) {
        const all = await open().list();
        const chosen = all[number % Math.max(all.length, 1)];
        if (name === 'add') await added(1);
        else if (name === 'prune') await prune(at.folder, await prunable(at.folder, number));
        else if (chosen) {
          const { version } = chosen;
          if (name === 'announce') {
            await announceUser(versionFolder(version), join(at.projects, `p${number}`));
            for (const each of inUse) if (each.startsWith(`p${number} `)) inUse.delete(each);
            inUse.add(`p${number} ${version}`);
            built(`p${number}`, { a: imageOf(version) });
          } else if (name === 'cut') renameSync(versionFolder(version), join(at.folder, 't', goneName(version)));
          else
            await open()
              .remove(`t@${version}`)
              .catch(() => undefined);
        }
        for (const each of await versions()) await open().verify(each);
        for (const each of inUse) expect(await versions()).toContain(`t@${each.split(' ')[1] ?? ''}`);
      }
    }),
    { numRuns: 12 },
  );
});
