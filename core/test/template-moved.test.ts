import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Disk } from '../src/project.js';
import type { State } from '../src/state.js';
import { announceAll, announceUser, usersOf, withdrawUsers } from '../src/template-users.js';
import { commandLine } from './cli-process.js';
import { fakeHost } from './fake-project.js';
import { scratchFolder } from './scratch.js';
import { templatePlugin } from './template-plugin.js';
import { added, at, built, goneName, imageOf, open, records, versionFolder } from './template-repository.js';

/* Projects that are not where they were, that are removed, and repositories that are come to by several paths. */

const cli = commandLine(templatePlugin);

test.each(['project', 'folder of projects'])(
  'a %s that is moved keeps its version, and is found when it starts',
  async (what) => {
    await added(1);
    const image = imageOf('1.0');
    const [from, to] = [join(at.projects, 'p'), join(scratchFolder(), 'moved', 'p')];
    await announceUser(versionFolder('1.0'), from);
    built('p', { a: image });
    mkdirSync(dirname(to));
    if (what === 'project') renameSync(from, to);
    else renameSync(at.projects, dirname(to));
    await expect(open().remove('t')).rejects.toMatchObject({
      code: 'MLN_TEMPLATE_IN_USE',
      message: `t@1.0 is in use: on it stand p (not found at ${from})`,
      problems: [{ hint: expect.stringContaining('mln template remove --force t@1.0') as unknown }],
    });
    const { hosts } = (JSON.parse(readFileSync(join(to, 'state.json'), 'utf8')) as State).project;
    for (let time = 0; time < 3; time += 1) await announceAll(to, hosts);
    expect(records()).toHaveLength(2);
    // What is found is never passed over.
    await expect(open().remove('t', true)).rejects.toMatchObject({
      message: `t@1.0 is in use: on it stand p in ${dirname(to)} (a)`,
    });
    expect(existsSync(image)).toBe(true);
    rmSync(to, { recursive: true });
    await open().remove('t', true);
    expect(readdirSync(at.folder)).toEqual([]);
  },
);

test('who says again where he is says nothing of images that are gone, or his own', async () => {
  await added(1);
  const disk = { standsOn: 'images/base' } as Disk;
  await announceAll(join(at.projects, 'p'), [
    fakeHost('a', { disks: [disk, { ...disk, standsOn: imageOf('2.0') }, { ...disk, standsOn: imageOf('1.0') }] }),
  ]);
  expect(records()).toHaveLength(1);
  expect(readdirSync(join(at.folder, 't'))).toEqual(['1.0']);
});

test('of a project that is removed nothing is kept, whichever versions it stood on', async () => {
  await added(2);
  const elsewhere = join(scratchFolder(), 't', '1.0');
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, 'image'), '');
  const directory = join(at.projects, 'p');
  const gone = join(at.projects, '.p.gone');
  const others = [join(at.projects, 'p-2'), join(scratchFolder(), 'p')];
  built('.p.new', { a: imageOf('1.0') });
  for (const each of [versionFolder('1.0'), versionFolder('1.1'), elsewhere])
    await announceUser(each, directory, join(at.projects, '.p.new'));
  for (const each of others) await announceUser(versionFolder('1.0'), each);
  renameSync(join(at.projects, '.p.new'), directory);
  await announceAll(directory, [fakeHost('a', { disks: [{ standsOn: imageOf('1.0') } as Disk] })]);
  expect(records()).toHaveLength(3);
  renameSync(directory, gone);
  await withdrawUsers(at.folder, directory, gone, [
    fakeHost('a', { disks: [{ standsOn: join(elsewhere, 'image') } as Disk] }),
  ]);
  expect([...records('1.1'), ...readdirSync(join(elsewhere, 'users'))]).toEqual([]);
  expect((await usersOf(versionFolder('1.0'))).map((user) => user.directory)).toEqual(others.sort());
});

test('what has the name of a project that was moved neither stands nor goes for it', async () => {
  await added(2);
  const directory = join(at.projects, 'p');
  const staging = join(at.projects, '.p.new');
  const missing = { project: 'p', hosts: [], because: `not found at ${directory}`, found: false };
  built('p', { a: imageOf('1.0') });
  await announceUser(versionFolder('1.0'), directory);
  renameSync(directory, join(scratchFolder(), 'p'));
  // A build at its old place that fails, and one that does not.
  built('.p.new', { a: imageOf('1.0') });
  await announceUser(versionFolder('1.0'), directory, staging);
  expect(records()).toHaveLength(2);
  await withdrawUsers(at.folder, directory, staging);
  expect(records()).toHaveLength(1);
  rmSync(staging, { recursive: true });
  expect(await usersOf(versionFolder('1.0'))).toMatchObject([missing]);
  built('p', { a: imageOf('1.1') });
  expect(await usersOf(versionFolder('1.0'))).toMatchObject([missing]);
});

test.each(['in its place', 'hidden'])('images are compared as files: a version that is %s', async (where) => {
  await added(1);
  const alias = join(scratchFolder(), 'alias');
  symlinkSync(at.folder, alias);
  // A state of which the record is of another path: the build that made it so was cut off.
  await announceUser(versionFolder('1.0'), join(at.projects, 'p'));
  built('p', { a: join(alias, 't', '1.0', 'image') });
  const hidden = join(at.folder, 't', goneName('1.0'));
  if (where === 'hidden') renameSync(versionFolder('1.0'), hidden);
  expect(await usersOf(where === 'hidden' ? hidden : versionFolder('1.0'))).toMatchObject([{ hosts: ['a'] }]);
  built('p', { a: join(alias, 't', '1.1', 'image') });
  expect(await usersOf(where === 'hidden' ? hidden : versionFolder('1.0'))).toEqual([]);
});

test('a second record of a project, by another path, takes nothing from the first', async () => {
  await added(1);
  const alias = join(scratchFolder(), 'alias');
  symlinkSync(at.folder, alias);
  const directory = join(at.projects, 'p');
  await announceUser(versionFolder('1.0'), directory);
  await announceUser(join(alias, 't', '1.0'), directory);
  expect(records()).toHaveLength(2);
  built('p', { a: imageOf('1.0') });
  // Neither path leads to the image any more, but what was said of it is still there.
  const copy = join(scratchFolder(), 'copy');
  renameSync(versionFolder('1.0'), copy);
  expect(await usersOf(copy)).toMatchObject([{ hosts: ['a'] }]);
});

test('the command removes what only projects that are not found may stand on when it is forced to', async () => {
  writeFileSync(join(cli.folder, 't'), 'template');
  const run = cli.open();
  await run(['template', 'add', join(cli.folder, 't')]);
  await announceUser(join(cli.templates, 't/1.0'), join(cli.projects, 'p'));
  expect(await run(['template', 'remove', 't', '-y'])).toMatchObject({
    exit: 1,
    stderr: expect.stringMatching(/p \(not found at .*\).*\n.*--force t@1\.0/) as unknown,
  });
  expect(await run(['template', 'remove', 't', '--force'])).toMatchObject({
    stderr: expect.stringContaining('though projects that are not found may stand on it') as unknown,
  });
  expect(readdirSync(cli.templates)).toEqual(['t']);
  expect(await run(['template', 'remove', 't', '--force', '-y'])).toMatchObject({ exit: 0 });
  expect(readdirSync(cli.templates)).toEqual([]);
});
