import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { State } from '../src/state.js';
import { scratchFolder } from './scratch.js';
import { furnish, look, TEMPLATE, upgradeWorld, type UpgradeWorld } from './upgrade-world.js';

/*
 * A project as mln 1.0.0 has built it, in fixtures/mln-1.0.0: its state is of form 1, and no record says what was written
 * into its guests. That of its state.json is called `state` there, and the zeros at the end of its disks are left out.
 */

const folder = join(import.meta.dirname, 'fixtures/mln-1.0.0');
const sizes = { 'a/root.img': TEMPLATE, 'a/swap.img': 8192, 'b/root.img': 40_960, 'c/root.img': TEMPLATE };

async function olderWorld(): Promise<{ readonly world: UpgradeWorld; readonly root: string }> {
  const root = scratchFolder();
  await furnish(root);
  const project = join(root, 'projects/p');
  mkdirSync(join(root, 'projects'));
  cpSync(folder, project, { recursive: true });
  renameSync(join(project, 'state'), join(project, 'state.json'));
  for (const [path, size] of Object.entries(sizes)) truncateSync(join(project, path), size);
  return { world: await upgradeWorld(root, 'projects'), root };
}

const text = readFileSync(join(folder, 'project.mln'), 'utf8');
const changed = text
  .replace('users { jack secret; jill }', 'users { jill; bob }')
  .replace('staff jack jill', 'staff jill')
  .replace('files { page /srv/www/index.html }', 'files { tree /srv/tree }')
  .replace('size 40K', 'size 64K')
  .replace('modules { loop }', 'modules { dummy }')
  .replace('host c { }', 'host d { was c; memory 64M }');

test('a state of form 1 is read as that of a first version, and a verb that only reads leaves it so', async () => {
  const { world } = await olderWorld();
  const state = await world.state();
  expect(state).toMatchObject({ schema: 2, version: 1, kept: [], pending: [] });
  expect(state.project.hosts.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  const written = JSON.parse(readFileSync(join(state.project.directory, 'state.json'), 'utf8')) as State;
  expect(written.schema).toBe(1);
});

test('it is upgraded to what a build would have made: what was written into its guests is found out by their templates', async () => {
  const { world, root } = await olderWorld();
  const first = await world.state();
  const { directory } = first.project;
  expect(existsSync(join(directory, 'a/guest'))).toBe(false);
  const read = await world.read(changed);
  const state = await world.upgrade(read);
  expect(state).toMatchObject({ schema: 2, version: 2 });
  expect(JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8'))).toMatchObject({ schema: 2, version: 2 });
  expect(['a', 'b', 'd'].map((name) => existsSync(join(directory, name, 'guest')))).toEqual([true, true, true]);
  const built = await upgradeWorld(root, 'built');
  await built.build(read, first.project);
  const [now, wanted] = [await look(world), await look(built)];
  // How large its template was was not kept.
  expect({ ...now, templates: null }).toEqual({ ...wanted, templates: null });
  expect(now.templates).toMatchObject({ a: { name: 'tiny' }, b: { name: 'other' }, d: { name: 'tiny' } });
});

test('without its templates it is upgraded too, and what was written into its guests stays', async () => {
  const { world, root } = await olderWorld();
  renameSync(join(root, 'templates'), join(root, 'elsewhere'));
  await world.upgrade(await world.read(changed.replace('size 64K', 'size 40K')));
  const { disks } = await look(world);
  expect(disks['a/root.img']).toEqual(expect.arrayContaining([expect.stringContaining('/srv/www/index.html ')]));
  expect(disks['a/root.img']).toEqual(expect.arrayContaining([expect.stringContaining('/srv/tree/index.html ')]));
});
