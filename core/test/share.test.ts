import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Problems } from '../src/errors.js';
import type { Filesystem, Trial } from '../src/filesystem.js';
import type { Mln } from '../src/kernel.js';
import type { PlannedImage } from '../src/plan.js';
import type { Disk, Host, Project } from '../src/project.js';
import { shared } from '../src/share.js';
import type { Manifest, Template } from '../src/templates.js';
import { scratchFolder } from './scratch.js';

/* Which disks stand on their template, or on an image of the project's own; the rest are whole copies. */

const SIZE = 1 << 20;
const host = { name: 'a', place: null } as Host;
const project = {} as Project;
const wanting = (image: string | null): Disk => ({ role: 'root', store: 'cow', share: { image } }) as Disk;
const own = { role: 'root', store: 'file' };
const trial = (): Promise<Trial> => Promise.reject(new Error('nothing is built here'));

/** A kernel whose disks can stand on filesystems with blocks of a page. */
const mln = {
  hooks: { disk: { call: () => ({ createOver: () => Promise.resolve(), leastBlock: 4096 }) } },
} as unknown as Mln;

function template(kept: boolean): Template {
  const folder = scratchFolder();
  const path = join(folder, 'image');
  writeFileSync(path, '');
  return { path, size: SIZE, manifest: kept ? ({} as Manifest) : null };
}

interface Given {
  readonly image?: string | null;
  readonly kept?: boolean;
  readonly blockSize?: number;
  readonly size?: number;
}

function decide({ image = null, kept = true, blockSize = 4096, size = SIZE }: Given) {
  const problems = new Problems();
  const images = new Map<string, PlannedImage>();
  const of = template(kept);
  const wanted = { template: of, filesystem: { blockSize, trial } as Filesystem, size };
  const disk = shared({ mln, project, images, problems }, host, wanting(image), wanted);
  return {
    disk,
    path: of.path,
    images: [...images.values()],
    warnings: problems.warnings.map(({ message }) => message),
  };
}

test('a disk stands on a template of the repository', () => {
  const { disk, path, warnings } = decide({});
  expect(disk).toEqual({ role: 'root', store: 'cow', standsOn: path });
  expect(warnings).toEqual([]);
});

test.each([
  ['larger than the template', { size: 2 * SIZE }],
  ['of a plain file, which may change', { kept: false }],
])('a disk is a copy where it is %s', (_why, given) => {
  expect(decide(given)).toMatchObject({ disk: own, warnings: [] });
});

test('a disk is a copy, with a warning, where the blocks of the template are too small', () => {
  const { disk, path, warnings } = decide({ blockSize: 1024 });
  expect(disk).toEqual(own);
  expect(warnings).toEqual([
    `disks are whole copies of the template ${path}: its filesystem has blocks of 1024 bytes, and not of 4096`,
  ]);
});

test('disks of a template that nobody can be told of are copies, with one warning', () => {
  const problems = new Problems();
  const of = template(true);
  const users = join(dirname(of.path), 'users');
  const wanted = { template: of, filesystem: { blockSize: 4096, trial } as Filesystem, size: SIZE };
  const decided = (name: string): Disk =>
    shared({ mln, project, images: new Map(), problems }, { ...host, name }, wanting(null), wanted);
  mkdirSync(users);
  expect(decided('a')).toMatchObject({ standsOn: of.path });
  rmdirSync(users);
  writeFileSync(users, '', { mode: 0o600 });
  expect(decided('a')).toEqual(own);
  expect(decided('b')).toEqual(own);
  expect(problems.warnings).toMatchObject([
    {
      code: 'MLN_UNSUPPORTED',
      message: `disks are whole copies of the template ${of.path}: nobody could be told of them, as ${users} may not be written`,
    },
  ]);
});

test('an image of the project’s own is as large as its disks, whatever the template is', () => {
  const { disk, images } = decide({ image: 'base', kept: false, size: 3 * SIZE });
  expect(disk).toEqual({ role: 'root', store: 'cow', standsOn: 'images/base' });
  expect(images).toMatchObject([{ path: 'images/base', size: 3 * SIZE }]);
});

test('who asks for an image of the project’s own is told what forbids it', () => {
  expect(() => decide({ image: 'base', blockSize: 2048 })).toThrow(/a: no disk can stand on .*blocks of 2048 bytes/);
});

test('all who share an image agree on its template and size', () => {
  const problems = new Problems();
  const images = new Map<string, PlannedImage>();
  const of = template(true);
  const wanted = { template: of, filesystem: { blockSize: 4096, trial } as Filesystem, size: SIZE };
  const share = (more: object): Disk =>
    shared({ mln, project, images, problems }, host, wanting('base'), { ...wanted, ...more });
  share({});
  expect(share({}).standsOn).toBe('images/base');
  expect(() => share({ size: 2 * SIZE })).toThrow(
    /a: all disks that share the image base are of one template and size/,
  );
  expect(() => share({ template: template(true) })).toThrow(/of one template and size/);
});
