import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createTemplates } from '@mln/core';
import { addTemplate, buildLab, diskOf, machine, readGuest, scratch, sh, wholeDisk, type Machine } from './lab.js';

/* A project that is exported on one machine is the same on another, which has nothing of it. */

const home = await machine();
const archives = scratch();
const plain = join(archives, 'plain.mlnx');
const full = join(archives, 'full.mlnx');

beforeAll(async () => {
  await addTemplate(home);
  await buildLab(home);
  // What a guest might have done meanwhile.
  const disk = diskOf(home, 'web');
  sh('debugfs', '-w', '-R', `write ${join(home.folder, 'lab/one.conf')} /home/kept`, disk);
  await home.ok('export', [plain], { project: 'lab' });
  await home.ok('export', [full], { project: 'lab', withDisks: true });
});

/** The scripts of a project, as if it lay elsewhere. */
function scripts({ projects, folder }: Machine): Record<string, string> {
  const all = readdirSync(join(projects, 'lab'), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    all
      .filter((each) => each.isFile() && ['start', 'stop'].includes(each.name))
      .map(({ parentPath, name }) => join(parentPath, name))
      // How its disk is kept is another matter.
      .filter((path) => !path.includes('/thin/'))
      .map((path) => [path.slice(folder.length), readFileSync(path, 'utf8').replaceAll(folder, 'FOLDER')]),
  );
}

interface Built {
  readonly project: {
    readonly secret: string;
    readonly source: string;
    readonly hosts: readonly { readonly interfaces: readonly { readonly mac: string }[] }[];
  };
  readonly templates: Readonly<Record<string, { readonly sha256: string }>>;
}

function stateOf({ projects }: Machine): Built {
  return JSON.parse(readFileSync(join(projects, 'lab/state.json'), 'utf8')) as Built;
}

test('an archive is a tar file of zstd, for its owner alone', () => {
  expect(sh('tar', '--zstd', '-tf', plain).split('\n')[0]).toBe('mln.json');
  expect(statSync(plain).mode & 0o777).toBe(0o600);
  expect(readdirSync(archives).sort()).toEqual(['full.mlnx', 'plain.mlnx']);
  expect(existsSync(join(home.projects, 'lab/.export'))).toBe(false);
});

describe.each([
  ['without disks', plain],
  ['with disks', full],
])('%s', (_name, archive) => {
  let there: Machine;
  beforeAll(async () => {
    there = await machine();
    await there.ok('import', [archive]);
  });

  test('scripts, addresses of cards, secret and templates are the same', () => {
    expect(Object.keys(scripts(home)).length).toBeGreaterThan(6);
    expect(scripts(there)).toEqual(scripts(home));
    const [a, b] = [stateOf(home), stateOf(there)];
    expect(b.project.secret).toBe(a.project.secret);
    expect(b.project.hosts.map(({ interfaces }) => interfaces.map(({ mac }) => mac))).toEqual(
      a.project.hosts.map(({ interfaces }) => interfaces.map(({ mac }) => mac)),
    );
    expect(b.templates['web']?.sha256).toBe(a.templates['web']?.sha256);
    expect(readFileSync(join(there.projects, 'lab/project.mln'), 'utf8')).toBe(
      readFileSync(join(home.projects, 'lab/project.mln'), 'utf8'),
    );
  });

  test.each(['web', 'db'])('the guest %s has the same files, and its filesystem is clean', (host) => {
    const [a, b] = [diskOf(home, host), diskOf(there, host)];
    for (const path of ['/etc/shadow', '/etc/passwd', '/etc/group', '/etc/network/interfaces', '/etc/hostname'])
      expect([path, readGuest(b, path)]).toEqual([path, readGuest(a, path)]);
    expect(readGuest(b, host === 'web' ? '/var/www/deep/data' : '/srv/deep/data')).toBe('data\n');
    expect(statSync(b).size).toBe(statSync(a).size);
    expect(statSync(b).mode & 0o777).toBe(0o600);
    sh('e2fsck', '-fn', b);
  });

  test('nothing but the project is left, and it can be exported again', async () => {
    expect(readdirSync(there.projects)).toEqual(['lab']);
    expect(stateOf(there).project.source).toBe(join(there.projects, 'lab'));
    const again = join(scratch(), 'again.mlnx');
    await there.ok('export', [again], { project: 'lab' });
    const names = (path: string): string[] => sh('tar', '--zstd', '-tf', path).split('\n').slice(1).sort();
    expect(names(again)).toEqual(names(plain));
  });
});

test('with disks they are as they were, byte for byte, and as sparse; what mln wrote is known', async () => {
  const there = await machine();
  await there.ok('import', [full]);
  for (const host of ['web', 'db']) {
    const [a, b] = [diskOf(home, host), diskOf(there, host)];
    expect(sh('cmp', a, b)).toBe('');
    expect(statSync(b).blocks).toBeLessThanOrEqual(statSync(a).blocks + 64);
    const record = (of: Machine): Buffer => readFileSync(join(of.projects, 'lab', host, 'guest'));
    expect(record(there).equals(record(home))).toBe(true);
  }
  expect(readGuest(diskOf(there, 'web'), '/home/kept')).toBe('one\n');
});

test('a disk that stands on its template goes whole; without disks it stands on its template again', async () => {
  const [whole, anew] = [await machine(), await machine()];
  await whole.ok('import', [full]);
  await anew.ok('import', [plain]);
  const image = await wholeDisk(home, 'thin');
  expect(sh('cmp', image, diskOf(whole, 'thin'))).toBe('');
  expect(readFileSync(join(whole.projects, 'lab/thin/start'), 'utf8')).not.toContain('need_image');
  expect(readGuest(await wholeDisk(anew, 'thin'), '/etc/hostname')).toBe(readGuest(image, '/etc/hostname'));
  expect(readFileSync(join(anew.projects, 'lab/thin/start'), 'utf8')).toContain(anew.mln.folders.templates);
});

test('without disks what a guest has done stays at home', async () => {
  const there = await machine();
  await there.ok('import', [plain]);
  expect(readGuest(diskOf(there, 'web'), '/home/kept')).toBe('');
});

test('a template that is there is used; another image of its name and version is left alone', async () => {
  const same = await machine();
  const image = join(home.mln.folders.templates, 'tiny/1/image');
  await createTemplates(same.mln.folders.templates, same.mln.shell).add(image, { name: 'tiny', version: '7' });
  const other = await machine();
  const digest = await addTemplate(other, 'tiny', 'Another.\n');
  const before = readdirSync(join(same.mln.folders.templates, 'tiny'));
  const json = async (on: Machine): Promise<unknown> =>
    (JSON.parse((await on.ok('import', [plain], { json: true })).stdout) as { items: { templates: unknown }[] })
      .items[0]?.templates;
  expect(await json(same)).toEqual([{ name: 'tiny@7', added: false }]);
  expect(readdirSync(join(same.mln.folders.templates, 'tiny'))).toEqual(before);
  const made = stateOf(home).templates['web']?.sha256 ?? '';
  expect(await json(other)).toEqual([{ name: `tiny@1-${made.slice(0, 8)}`, added: true }]);
  expect(made).not.toBe(digest);
  expect(stateOf(other).templates['web']?.sha256).toBe(made);
});

test('a project that is there is not replaced, nor is a file', async () => {
  const disk = readFileSync(diskOf(home, 'web'));
  expect(await home.run('import', [full], { yes: true })).toMatchObject({ code: 'MLN_PROJECT_EXISTS' });
  expect(readFileSync(diskOf(home, 'web')).equals(disk)).toBe(true);
  const bytes = readFileSync(plain);
  expect(await home.run('export', [plain], { project: 'lab' })).toMatchObject({ code: 'MLN_NOT_CONFIRMED' });
  expect(readFileSync(plain).equals(bytes)).toBe(true);
});
