import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Mln } from '../src/kernel.js';
import { commitBuild, commitRemoval, recover } from '../src/recover.js';
import { fakeMln } from './fake-hypervisor.js';
import { scratchFolder } from './scratch.js';

/** Folders by name: whether their content is old or new, and whether it is whole (its state is written last). */
type Folders = Record<string, 'old' | 'new' | 'half'>;

/** What is announced in a test is not written down. */
const announce = (): Promise<void> => Promise.resolve();

async function mlnWith(folders: Folders): Promise<Mln> {
  const mln = await fakeMln(scratchFolder());
  const { projects } = mln.folders;
  mkdirSync(projects);
  for (const [name, content] of Object.entries(folders)) {
    mkdirSync(join(projects, name, 'host'), { recursive: true });
    writeFileSync(join(projects, name, 'host', 'image'), content);
    if (content !== 'half') writeFileSync(join(projects, name, 'state.json'), content);
  }
  return mln;
}

function foldersIn({ folders: { projects } }: Mln): Folders {
  return Object.fromEntries(
    readdirSync(projects).map((name) => [
      name,
      existsSync(join(projects, name, 'state.json'))
        ? (readFileSync(join(projects, name, 'host', 'image'), 'utf8') as 'old' | 'new')
        : 'half',
    ]),
  );
}

test.each<[string, Folders, Folders, string | null]>([
  ['nothing', {}, {}, null],
  ['a project at rest', { p: 'old' }, { p: 'old' }, null],
  ['the first build, half', { '.p.new': 'half' }, {}, 'is taken back: nothing of it is left'],
  ['the first build, whole', { '.p.new': 'new' }, {}, 'is taken back: nothing of it is left'],
  ['a second build, half', { p: 'old', '.p.new': 'half' }, { p: 'old' }, 'is taken back: the old project is as it was'],
  ['a second build, whole', { p: 'old', '.p.new': 'new' }, { p: 'old' }, 'is taken back: the old project is as it was'],
  [
    'the old one renamed',
    { '.p.old': 'old', '.p.new': 'new' },
    { p: 'new' },
    'is finished: the new project is in place',
  ],
  [
    'the old one renamed, the new one lost',
    { '.p.old': 'old', '.p.new': 'half' },
    { p: 'old' },
    'is taken back: the old project is in place',
  ],
  ['the old one renamed alone', { '.p.old': 'old' }, { p: 'old' }, 'is taken back: the old project is in place'],
  ['the new one in place', { p: 'new', '.p.old': 'old' }, { p: 'new' }, 'is finished: the new project is in place'],
  [
    'the old one half deleted',
    { p: 'new', '.p.old': 'half' },
    { p: 'new' },
    'is finished: the new project is in place',
  ],
  ['a removal', { '.p.gone': 'old' }, {}, 'the removal of an earlier p, which was cut off, is finished'],
  ['a removal, half deleted', { '.p.gone': 'half' }, {}, 'the removal of an earlier p, which was cut off, is finished'],
])('a kill that leaves %s', async (_, before, after, said) => {
  const others: Folders = { other: 'old', '.other.new': 'half' };
  const mln = await mlnWith({ ...before, ...others });
  const sentence = await recover(mln, 'p');
  if (said === null) expect(sentence).toBeNull();
  else expect(sentence).toContain(said);
  expect(foldersIn(mln)).toEqual({ ...after, ...others });
  expect(await recover(mln, 'p')).toBeNull();
});

test('a build takes the place of the old project', async () => {
  const mln = await mlnWith({ p: 'old', '.p.new': 'new' });
  await commitBuild(mln, 'p', announce);
  expect(foldersIn(mln)).toEqual({ p: 'new' });
});

test('a first build takes the project’s name', async () => {
  const mln = await mlnWith({ '.p.new': 'new' });
  await commitBuild(mln, 'p', announce);
  expect(foldersIn(mln)).toEqual({ p: 'new' });
});

test('a removal leaves nothing', async () => {
  const mln = await mlnWith({ p: 'old', other: 'old' });
  await commitRemoval(mln, 'p', announce);
  expect(foldersIn(mln)).toEqual({ other: 'old' });
});

test('a build that was never made does not take the old project away', async () => {
  const mln = await mlnWith({ p: 'old' });
  await expect(commitBuild(mln, 'p', announce)).rejects.toMatchObject({ code: 'MLN_IO' });
  await recover(mln, 'p');
  expect(foldersIn(mln)).toEqual({ p: 'old' });
});

test('what was being written in a project when a kill came is taken away', async () => {
  const mln = await mlnWith({ p: 'old' });
  const inProject = (name: string): string => join(mln.folders.projects, 'p', name);
  for (const name of ['state.json.0123abcd.tmp', 'journal.ndjson.89abcdef.tmp', 'state.json.tmp', 'other.0123abcd.tmp'])
    writeFileSync(inProject(name), '');
  await recover(mln, 'p');
  expect(readdirSync(inProject('')).sort()).toEqual(['host', 'other.0123abcd.tmp', 'state.json', 'state.json.tmp']);
});
