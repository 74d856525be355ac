import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { takeLock } from '../src/lock.js';
import { announceUser, usersOf } from '../src/template-users.js';
import { scratchFolder } from './scratch.js';
import { added, at, built, imageOf, open, records, versionFolder, versions } from './template-repository.js';

function damaged(name: string, state: string): void {
  built(name, {});
  writeFileSync(join(at.projects, name, 'state.json'), state);
}

test('a version that disks stand on stays: the projects and hosts are named', async () => {
  await added(2);
  const { ino, mtimeMs } = statSync(imageOf('1.0'));
  await announceUser(versionFolder('1.0'), join(at.projects, 'ring'));
  built('ring', {
    one: imageOf('1.0'),
    two: undefined,
    three: imageOf('1.0'),
  });
  await expect(open().remove('t@1.0')).rejects.toMatchObject({
    code: 'MLN_TEMPLATE_IN_USE',
    message: `t@1.0 is in use: on it stand ring in ${at.projects} (one, three)`,
  });
  expect(await versions()).toEqual(['t@1.1', 't@1.0']);
  const after = statSync(imageOf('1.0'));
  expect([after.ino, after.mtimeMs, after.mode & 0o777]).toEqual([ino, mtimeMs, 0o444]);
  await open().remove('t@1.1');
  // Made whole: the next state says nothing of the image any more.
  built('ring', { one: undefined });
  await open().remove('t');
  expect(readdirSync(at.folder)).toEqual([]);
});

test.each<[string, (image: string) => void, readonly string[] | null]>([
  [
    'is built',
    (image) => {
      built('p', { a: image });
    },
    ['a'],
  ],
  [
    'is being replaced by one that stands on it',
    (image) => {
      built('p', {});
      built('.p.new', { b: image });
    },
    ['b'],
  ],
  [
    'was cut off in its second build',
    (image) => {
      built('.p.old', { c: image });
    },
    ['c'],
  ],
  [
    'has a state that is damaged',
    () => {
      damaged('p', '{');
    },
    [],
  ],
  [
    'has a state that holds no project',
    () => {
      damaged('p', '{}');
    },
    [],
  ],
  [
    'lies on a disk that is away',
    () => {
      renameSync(at.projects, `${at.projects}-away`);
    },
    [],
  ],
  ['is not where it was', () => undefined, []],
  [
    'had whole disks, and is being replaced again',
    () => {
      built('.p.old', {});
    },
    [],
  ],
  [
    'stands on another image',
    (image) => {
      built('p', { a: image.replace('1.0', '1.1') });
    },
    null,
  ],
  [
    'has whole disks by now',
    () => {
      built('p', { a: undefined });
    },
    null,
  ],
])('a project that %s', async (_, happens, hosts) => {
  await added(1);
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  expect(records()).toEqual([expect.stringMatching(/^p-[0-9a-f]{16}\.json$/)]);
  happens(imageOf('1.0'));
  const users = await usersOf(versionFolder('1.0'));
  expect(users.map((user) => user.hosts)).toEqual(hosts === null ? [] : [hosts]);
  // Whoever looks changes nothing.
  expect(records()).toHaveLength(1);
});

test('a project that is being worked on counts, whatever its state says', async () => {
  await added(1);
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  const lock = await takeLock(at.projects, 'p', 'build');
  await expect(open().remove('t')).rejects.toMatchObject({
    code: 'MLN_TEMPLATE_IN_USE',
    message: 't@1.0 is in use: on it stand p (it is being worked on)',
  });
  lock.release();
  built('p', {});
  await open().remove('t');
});

test('a record that comes while users are looked for stays', async () => {
  await added(1);
  built('p', {});
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  for (let time = 0; time < 20; time += 1) {
    const turns = Array.from({ length: time }, () => Promise.resolve());
    await Promise.all([
      usersOf(versionFolder('1.0')),
      Promise.all(turns).then(() => announceUser(versionFolder('1.0'), join(at.projects, 'p'))),
    ]);
    expect(records()).toHaveLength(1);
  }
});

test.each([0o700, 0o2770])('whoever may write a version’s folder (%o) may be told of as well', async (mode) => {
  await added(1);
  chmodSync(versionFolder('1.0'), mode);
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  expect(statSync(join(versionFolder('1.0'), 'users')).mode & 0o7777).toBe(mode);
  expect(statSync(join(versionFolder('1.0'), 'users', records()[0] ?? '')).mode & 0o707).toBe(0o600);
});

test('a list of users that cannot be read counts, also with force', async () => {
  await added(1);
  writeFileSync(join(versionFolder('1.0'), 'users'), '');
  await expect(open().remove('t', true)).rejects.toMatchObject({ code: 'MLN_TEMPLATE_IN_USE' });
});

test('two projects of one name in two folders are two users', async () => {
  await added(1);
  const others = scratchFolder();
  for (const each of [at.projects, others]) await announceUser(versionFolder('1.0'), join(each, 'p'));
  built('p', { a: imageOf('1.0') });
  expect(
    [...(await usersOf(versionFolder('1.0')))].sort((one, other) => Number(other.found) - Number(one.found)),
  ).toEqual([
    { project: 'p', directory: join(at.projects, 'p'), hosts: ['a'], because: null, found: true },
    {
      project: 'p',
      directory: join(others, 'p'),
      hosts: [],
      because: `not found at ${join(others, 'p')}`,
      found: false,
    },
  ]);
});

test('a file of users that is damaged counts', async () => {
  await added(1);
  mkdirSync(join(versionFolder('1.0'), 'users'));
  writeFileSync(join(versionFolder('1.0'), 'users/p-0.json'), '{"project":');
  await expect(open().remove('t')).rejects.toMatchObject({ code: 'MLN_TEMPLATE_IN_USE' });
});

test('whoever announces himself too late is told so, and makes nothing', async () => {
  await added(1);
  await open().remove('t');
  await expect(announceUser(versionFolder('1.0'), join(at.projects, 'p'))).rejects.toMatchObject({
    code: 'MLN_NO_TEMPLATE',
  });
  expect(readdirSync(at.folder)).toEqual([]);
});

test('of a build and a removal at once at least one sees the other', async () => {
  for (let time = 0; time < 30; time += 1) {
    await added(1);
    const lock = await takeLock(at.projects, 'p', 'build');
    const turns = Array.from({ length: time % 6 }, () => Promise.resolve());
    const [announcement, removal] = await Promise.allSettled([
      Promise.all(turns).then(() => announceUser(versionFolder('1.0'), join(at.projects, 'p'))),
      open().remove('t@1.0'),
    ]);
    if (announcement.status === 'fulfilled') {
      expect(removal).toMatchObject({ status: 'rejected', reason: { code: 'MLN_TEMPLATE_IN_USE' } });
      expect(existsSync(imageOf('1.0'))).toBe(true);
    } else expect(announcement.reason).toMatchObject({ code: 'MLN_NO_TEMPLATE' });
    lock.release();
    rmSync(join(at.folder, 't'), { recursive: true, force: true });
  }
});
