import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Disk } from '../src/project.js';
import { commitBuild, commitRemoval, recover, undoBuild } from '../src/recover.js';
import { writeState } from '../src/state.js';
import { announceUser, usersOf } from '../src/template-users.js';
import { fakeMln } from './fake-hypervisor.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/* A template knows just the projects that stand on it: a build, its failure and a removal withdraw what was announced. */

const silent = (): Promise<void> => Promise.resolve();
const ignore = (): void => undefined;

test('what is announced is withdrawn with the folder that it was announced for', async () => {
  const mln = await fakeMln(scratchFolder(), []);
  const { templates, projects } = mln.folders;
  const folderOf = (version: string): string => join(templates, 't', version);
  for (const version of ['1.0', '1.1']) {
    mkdirSync(join(folderOf(version), 'users'), { recursive: true });
    writeFileSync(join(folderOf(version), 'image'), '');
  }
  const announced = (): number[] =>
    ['1.0', '1.1'].map((version) => readdirSync(join(folderOf(version), 'users')).length);
  /** Makes what a build makes: a project with a disk over a version. */
  const stage = async (version: string): Promise<void> => {
    const staging = join(projects, '.p.new');
    mkdirSync(staging, { recursive: true });
    await announceUser(folderOf(version), join(projects, 'p'), staging);
    const disk = { role: 'root', store: 'cow', path: 'root.img', standsOn: join(folderOf(version), 'image') } as Disk;
    const project = fakeProject({ name: 'p', directory: staging, hosts: [fakeHost('a', { disks: [disk] })] });
    await writeState(staging, { builtAt: '2026-01-01T00:00:00.000Z', plugins: {}, templates: {}, project });
  };
  const build = (): Promise<void> => commitBuild(mln, 'p', silent, ignore);

  await stage('1.0');
  await build();
  expect(announced()).toEqual([1, 0]);
  expect(await usersOf(folderOf('1.0'))).toMatchObject([{ hosts: ['a'] }]);
  await stage('1.0');
  await build();
  expect(announced()).toEqual([1, 0]);
  await stage('1.1');
  await undoBuild(mln, 'p', ignore);
  expect(announced()).toEqual([1, 0]);
  await stage('1.1');
  await build();
  expect(announced()).toEqual([0, 1]);
  renameSync(join(projects, 'p'), join(projects, '.p.gone'));
  await recover(mln, 'p');
  expect(announced()).toEqual([0, 0]);
  await stage('1.1');
  await build();
  await commitRemoval(mln, 'p', silent, ignore);
  expect(announced()).toEqual([0, 0]);
});
