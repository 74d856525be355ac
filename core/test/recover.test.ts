import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { LoadedPlugin, Mln } from '../src/kernel.js';
import type { Progress } from '../src/operation.js';
import { commitBuild, commitRemoval, recover } from '../src/recover.js';
import { writeState } from '../src/state.js';
import { emptyTrash } from '../src/trash.js';
import { fakeMln } from './fake-hypervisor.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/** Folders by name: whether their content is old or new, and whether it is whole (its state is written last). */
type Folders = Record<string, 'old' | 'new' | 'half'>;

/** What is announced in a test is not written down. */
const announce = (): Promise<void> => Promise.resolve();
const ignore = (): void => undefined;

/** The projects have one disk outside their folders, the same. */
const outside: LoadedPlugin = {
  name: 'outside',
  version: '1.0.0',
  api: '^1.0.0',
  source: 'outside',
  options: {},
  plugin: ({ hooks, folders }) => {
    const path = join(folders.projects, '../volume');
    hooks.disk.tap('outside', () => ({
      path,
      inside: false,
      exists: () => Promise.resolve(existsSync(path)),
      create: () => Promise.reject(new Error('not here')),
      grow: () => Promise.reject(new Error('not here')),
      remove: () => {
        rmSync(path);
        return Promise.resolve();
      },
    }));
  },
};
const host = fakeHost('host', {
  disks: [
    {
      role: 'mount',
      store: 'outside',
      path: 'volume',
      existing: false,
      size: null,
      freeSpace: null,
      device: null,
      mount: null,
    },
  ],
});
const details = { builtAt: '2026-01-01T00:00:00.000Z', plugins: {}, templates: {} };
const hasVolume = (mln: Mln): boolean => existsSync(join(mln.folders.projects, '../volume'));

async function mlnWith(folders: Folders): Promise<Mln> {
  const mln = await fakeMln(scratchFolder(), [outside]);
  const { projects } = mln.folders;
  mkdirSync(projects);
  writeFileSync(join(projects, '../volume'), '');
  for (const [name, content] of Object.entries(folders)) {
    mkdirSync(join(projects, name, 'host'), { recursive: true });
    writeFileSync(join(projects, name, 'host', 'image'), content);
    if (content !== 'half')
      await writeState(join(projects, name), { ...details, project: fakeProject({ hosts: [host] }) });
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
  expect(await recover(mln, 'p')).toEqual(said === null ? [] : [expect.stringContaining(said)]);
  expect(foldersIn(mln)).toEqual({ ...after, ...others });
  expect(await recover(mln, 'p')).toEqual([]);
});

test('a build takes the place of the old project', async () => {
  const mln = await mlnWith({ p: 'old', '.p.new': 'new' });
  await commitBuild(mln, 'p', announce, ignore);
  expect(foldersIn(mln)).toEqual({ p: 'new' });
});

test('a first build takes the project’s name', async () => {
  const mln = await mlnWith({ '.p.new': 'new' });
  await commitBuild(mln, 'p', announce, ignore);
  expect(foldersIn(mln)).toEqual({ p: 'new' });
});

test('a removal leaves nothing', async () => {
  const mln = await mlnWith({ p: 'old', other: 'old' });
  await commitRemoval(mln, 'p', announce, ignore);
  expect(foldersIn(mln)).toEqual({ other: 'old' });
});

test('a build that was never made does not take the old project away', async () => {
  const mln = await mlnWith({ p: 'old' });
  await expect(commitBuild(mln, 'p', announce, ignore)).rejects.toMatchObject({ code: 'MLN_IO' });
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

test.each(['.p.old', '.p.gone', '.p.new'])(
  'while the state of the project that stays is damaged, nothing of %s is removed',
  async (name) => {
    const mln = await mlnWith({ p: 'new', [name]: 'old' });
    const inStaging = { operation: '', name: 'build', state: 'step', at: '', outside: fakeProject({ hosts: [host] }) };
    writeFileSync(join(mln.folders.projects, name, 'journal.ndjson'), `${JSON.stringify(inStaging)}\n`);
    writeFileSync(join(mln.folders.projects, 'p/state.json'), '{"schema":1,');
    await expect(recover(mln, 'p')).rejects.toMatchObject({ code: 'MLN_BAD_STATE' });
    expect(foldersIn(mln)).toEqual({ p: 'new', [name]: 'old' });
    expect(hasVolume(mln)).toBe(true);
  },
);

test.each(['', '{"schema":2}'])('of a project that is given up with the state %j, disks outside stay', async (text) => {
  const mln = await mlnWith({ '.p.gone': 'old' });
  writeFileSync(join(mln.folders.projects, '.p.gone/state.json'), text);
  expect(await recover(mln, 'p')).toEqual([
    expect.stringContaining('is finished'),
    expect.stringContaining('if that project had disks outside its folder, they are still there'),
  ]);
  expect(foldersIn(mln)).toEqual({});
  expect(hasVolume(mln)).toBe(true);
});

test('a new project whose state is damaged does not take the old one’s place', async () => {
  const mln = await mlnWith({ '.p.old': 'old', '.p.new': 'new' });
  writeFileSync(join(mln.folders.projects, '.p.new/state.json'), '');
  expect(await recover(mln, 'p')).toEqual([expect.stringContaining('the old project is in place')]);
  expect(foldersIn(mln)).toEqual({ p: 'old' });
});

/** Whoever may do everything does this as nobody. */
async function asNobody<T>(mln: Mln, act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return act();
  const scratch = join(mln.folders.projects, '..');
  chmodSync(scratch, 0o755);
  for (const path of [scratch, ...readdirSync(scratch, { recursive: true }).map((name) => join(scratch, String(name)))])
    chownSync(path, 65534, 65534);
  process.seteuid?.(65534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

const trash = expect.stringMatching(/^\.p\.trash-[0-9a-f]{8}$/) as unknown;

test.each(['build', 'remove', 'recover'])(
  'what %s cannot delete is put aside, until it can be deleted',
  async (what) => {
    const given = { build: 'p', remove: 'p', recover: '.p.old' }[what] ?? '';
    const mln = await mlnWith(what === 'remove' ? { p: 'old' } : { p: 'new', [given]: 'old', '.p.new': 'new' });
    const { projects } = mln.folders;
    chmodSync(join(projects, given, 'host'), 0o500);
    await asNobody(mln, async () => {
      const notes: string[] = [];
      const report = ({ text }: Progress): void => void notes.push(text);
      if (what === 'build') await commitBuild(mln, 'p', announce, report);
      else if (what === 'remove') await commitRemoval(mln, 'p', announce, report);
      else notes.push(...(await recover(mln, 'p')).slice(1));
      expect(notes).toEqual([expect.stringMatching(/cannot be deleted, and lies in .*\/\.p\.trash-.*EACCES/)]);
      const [aside = '', ...rest] = readdirSync(projects).sort();
      expect([aside, rest]).toEqual([trash, what === 'remove' ? [] : ['p']]);
      expect(await recover(mln, 'p')).toEqual([]);
      expect(await emptyTrash(projects, 'p')).toEqual([expect.stringMatching(`${aside} cannot be deleted: .*EACCES`)]);
      chmodSync(join(projects, aside, 'host'), 0o700);
      expect(await emptyTrash(projects, 'p')).toEqual([]);
      expect(readdirSync(projects)).toEqual(rest);
    });
  },
);
