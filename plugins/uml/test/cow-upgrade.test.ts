import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { MiB, type Disk, type Host, type Mln, type Project, type Store } from '@mln/core';
import { openPresent, remake, unpatch } from '../../../core/src/upgrade/disk.js';
import { runShell } from '../../../core/src/shell.js';
import { extKernel, faults, inside, leaveJournal, makeDisk, newFile, storeIn } from '../../../core/test/disk-images.js';
import { ownStretches, patchCow, readCowHeader } from '../src/cow-file.js';
import { cowStore } from '../src/cow-store.js';

/* Disks that stand on an image: edited where they are, and moved. Judged by e2fsck, and by uml_moo of uml-utilities. */

const folder = mkdtempSync(join(tmpdir(), 'mln-cow-upgrade-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
let mln: Mln;
let directory: string;
let store: Store;
let undo: string;
let scratch: string;

const cow = (name = 'h', disk: Partial<Disk> = {}, below = directory): Store =>
  cowStore(
    { path: 'root.img', existing: false, ...disk } as Disk,
    { name } as Host,
    { directory: below } as Project,
    runShell,
  );

beforeEach(async () => {
  directory = join(folder, `${(made += 1)}`);
  mkdirSync(join(directory, 'h'), { recursive: true });
  makeDisk(join(directory, 'images/base'), 8);
  mln = await extKernel(directory);
  store = cow();
  undo = join(directory, '.upgrade/.undo/h');
  scratch = join(directory, 'scratch');
  await store.createOver?.('images/base', []);
  await patch([newFile('/own', 'own\n')]);
  rmSync(undo);
});

async function patch(
  edits: Parameters<Awaited<ReturnType<typeof openPresent>>['patch']>[0],
  of = store,
): Promise<void> {
  const present = await openPresent(mln, of, scratch);
  try {
    await present.patch(edits, undo);
  } finally {
    await present.close();
  }
}

/** The whole content of a disk, as uml_moo joins it, in the folder where User-Mode Linux opens it. */
function whole(disk = store.path): Buffer {
  const to = join(directory, 'whole');
  rmSync(to, { force: true });
  execFileSync('uml_moo', [disk, to], { cwd: join(disk, '..'), stdio: 'pipe' });
  return readFileSync(to);
}

/** Lets whoever is asked look at the whole content. */
function wholeFile(disk = store.path): string {
  whole(disk);
  return join(directory, 'whole');
}

test('edits are in the disk, and the image stays as it was; put back, it reads as before', async () => {
  const [image, before] = [readFileSync(join(directory, 'images/base')), whole()];
  await patch([newFile('/new', 'x'.repeat(200_000)), newFile('/data', 'changed\n', true)]);
  expect(faults(wholeFile())).toBe('');
  expect(['/own', '/new', '/data'].map((file) => inside(wholeFile(), file))).toEqual([
    'own\n',
    'x'.repeat(200_000),
    'changed\n',
  ]);
  expect(readFileSync(join(directory, 'images/base')).equals(image)).toBe(true);
  expect(existsSync(scratch)).toBe(false);
  const copy = `${undo}.copy`;
  copyFileSync(undo, copy);
  for (const file of [undo, copy]) {
    await unpatch(store, file);
    expect(whole().equals(before)).toBe(true);
  }
});

test('what a killed guest left in its journal is read, goes into the disk with the edits, and out again with them', async () => {
  // Where the disk has been made whole, mln makes a journal in it; what differs is then the disk's own.
  const journal = join(directory, 'journal');
  await store.flatten?.(journal);
  leaveJournal(journal);
  const [old, left] = [whole(), readFileSync(journal)];
  const changes = [];
  for (let at = 0; at < left.length; at += 4096)
    if (!left.subarray(at, at + 4096).equals(old.subarray(at, at + 4096)))
      changes.push({ at, bytes: left.subarray(at, at + 4096) });
  await store.patch?.(changes);
  const before = whole();
  expect(inside(wholeFile(), '/data')).toBe('a'.repeat(4096));

  const untouched = readFileSync(store.path);
  const present = await openPresent(mln, store, scratch);
  expect((await present.filesystem.read('/data')).toString()).toBe('b'.repeat(4096));
  expect(readFileSync(store.path).equals(untouched)).toBe(true);
  await present.patch([newFile('/new', 'new')], undo);
  await present.close();
  expect([existsSync(scratch), existsSync(`${scratch}.before`)]).toEqual([false, false]);
  expect(faults(wholeFile())).toBe('');
  expect([inside(wholeFile(), '/data'), inside(wholeFile(), '/new')]).toEqual(['b'.repeat(4096), 'new']);
  await unpatch(store, undo);
  expect(whole().equals(before)).toBe(true);
});

test('killed before the bitmap is written, the disk reads as before where it held nothing', () => {
  const before = whole();
  const header = readCowHeader(store.path);
  if (!header) throw new Error('no header');
  const held = new Set([...ownStretches(store.path, header)].map(({ at }) => at));
  const at = [1, 2, 3, 4].map((each) => each * 512 * 4096).find((each) => !held.has(each)) ?? 0;
  const bitmap = readFileSync(store.path).subarray(8192, 8192 + 4096);
  patchCow(store.path, join(directory, 'images/base'), header, [{ at, bytes: Buffer.alloc(4096, 'n') }]);
  expect(
    whole()
      .subarray(at, at + 4096)
      .equals(Buffer.alloc(4096, 'n')),
  ).toBe(true);
  const content = readFileSync(store.path);
  bitmap.copy(content, 8192);
  writeFileSync(store.path, content);
  expect(whole().equals(before)).toBe(true);
});

test('what did not get so far as to be written takes no room when it is put back', async () => {
  const [before, { blocks }] = [readFileSync(store.path), statSync(store.path)];
  const faulty: Store = { ...store, patch: () => Promise.reject(new Error('the disk is full')) };
  const present = await openPresent(mln, faulty, scratch);
  await expect(present.patch([newFile('/new', 'x'.repeat(200_000))], undo)).rejects.toThrow();
  await present.close();
  expect(existsSync(undo)).toBe(true);
  await unpatch(store, undo);
  expect(readFileSync(store.path).equals(before)).toBe(true);
  expect(statSync(store.path).blocks).toBe(blocks);
});

test('moved to another folder, however deep, it finds its image; twice is no more than once', async () => {
  const before = whole();
  const kept = cow('h', { kept: '3' });
  const other = cow('other');
  mkdirSync(join(directory, 'other'));
  let was = store;
  for (const [next, image] of [
    [kept, '../../../images/base'],
    [other, '../images/base'],
    [store, '../images/base'],
  ] as const) {
    await next.take?.(was.path);
    await next.take?.(was.path);
    expect(readCowHeader(next.path)?.image).toBe(image);
    expect(existsSync(was.path)).toBe(false);
    expect(whole(next.path).equals(before)).toBe(true);
    await next.flatten?.(scratch);
    expect(readFileSync(scratch).equals(before)).toBe(true);
    was = next;
  }
});

test('killed between the move and the header, the same again does the rest', async () => {
  const before = whole();
  const kept = cow('h', { kept: '3' });
  await storeIn(directory, { kept: '3' }).take?.(store.path);
  expect(readCowHeader(kept.path)?.image).toBe('../images/base');
  await kept.take?.(store.path);
  expect(whole(kept.path).equals(before)).toBe(true);
});

test('one that stands on a template elsewhere names it as before', async () => {
  const image = join(folder, 'template');
  copyFileSync(join(directory, 'images/base'), image);
  const on = cow('on');
  mkdirSync(join(directory, 'on'));
  await on.createOver?.(image, []);
  const kept = cow('on', { kept: '3' });
  await kept.take?.(on.path);
  expect(readCowHeader(kept.path)?.image).toBe(image);
});

test('its content becomes a whole disk, and that one is edited as any other', async () => {
  const present = await openPresent(mln, store, scratch);
  const to = cow('h', {}, join(directory, '.upgrade'));
  mkdirSync(join(directory, '.upgrade/h'), { recursive: true });
  await remake(mln, { from: present.image, to, size: 12 * MiB, scratch: `${scratch}.copy` });
  await present.close();
  expect(readCowHeader(to.path)).toBeNull();
  const before = readFileSync(to.path);
  await patch([newFile('/new', 'new')], to);
  expect([inside(to.path, '/own'), inside(to.path, '/new'), faults(to.path)]).toEqual(['own\n', 'new', '']);
  await unpatch(to, undo);
  expect(readFileSync(to.path).equals(before)).toBe(true);
});
