import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import type { Edit } from '../src/filesystem.js';
import type { Mln } from '../src/kernel.js';
import { writeStretches } from '../src/sparse.js';
import type { Store } from '../src/store.js';
import { openPresent, unpatch } from '../src/upgrade/disk.js';
import { MiB } from '../src/values.js';
import { bytesOf, extKernel, faults, inside, leaveJournal, makeDisk, newFile, storeIn, tell } from './disk-images.js';
import { scratchFolder } from './scratch.js';

/* Disks of guests that are down, edited where they are and put back: with real filesystems, judged by e2fsck. */

let mln: Mln;
let directory: string;
let store: Store;
let undo: string;

beforeEach(async () => {
  directory = scratchFolder();
  mln = await extKernel(directory);
  store = storeIn(directory);
  undo = join(directory, '.upgrade/.undo/h');
  makeDisk(store.path);
});

const edits: readonly Edit[] = [
  { do: 'directory', path: '/etc', mode: 0o755, owner: 0, group: 0 },
  newFile('/etc/hostname', 'h\n'),
  newFile('/large', 'x'.repeat(300_000)),
  newFile('/data', 'new\n', true),
  { do: 'symlink', path: '/link', target: '/etc/hostname', mode: 0o777, owner: 0, group: 0 },
];

async function patch(of = store, what = edits): Promise<void> {
  const present = await openPresent(mln, of, join(directory, 'scratch'));
  try {
    await present.patch(what, undo);
  } finally {
    await present.close();
  }
}

test('what edits have overwritten is put back byte for byte, as often as is wished', async () => {
  const before = bytesOf(store.path);
  await patch();
  expect(faults(store.path)).toBe('');
  expect(['/etc/hostname', '/data', '/large'].map((file) => inside(store.path, file))).toEqual([
    'h\n',
    'new\n',
    'x'.repeat(300_000),
  ]);
  expect(statSync(undo).mode & 0o777).toBe(0o600);
  const copy = `${undo}.copy`;
  copyFileSync(undo, copy);
  for (const file of [undo, copy, undo]) {
    await unpatch(store, file);
    expect(bytesOf(store.path).equals(before)).toBe(true);
    expect(existsSync(file)).toBe(false);
  }
});

test('without edits nothing is written', async () => {
  const { mtimeMs } = statSync(store.path);
  await patch(store, []);
  expect(statSync(store.path).mtimeMs).toBe(mtimeMs);
  expect(existsSync(undo)).toBe(false);
});

test('killed with half of it written, the disk is put back', async () => {
  const before = bytesOf(store.path);
  await patch();
  const after = bytesOf(store.path);
  const half = Buffer.from(before);
  let written = 0;
  for (let at = 0; at < before.length; at += 4096) {
    const block = after.subarray(at, at + 4096);
    if (!block.equals(before.subarray(at, at + 4096)) && (written += 1) % 2 === 0) block.copy(half, at);
  }
  expect(written).toBeGreaterThan(5);
  writeFileSync(store.path, half);
  expect(faults(store.path)).not.toBe('');
  await unpatch(store, undo);
  expect(bytesOf(store.path).equals(before)).toBe(true);
});

test('an error amid the writing puts the disk back', async () => {
  const before = bytesOf(store.path);
  const { blocks } = statSync(store.path);
  const faulty: Store = {
    ...store,
    patch(stretches) {
      writeStretches(store.path, stretches.slice(0, 2));
      return stretches.length > 2 ? Promise.reject(new Error('the cable is out')) : Promise.resolve();
    },
  };
  await expect(patch(faulty)).rejects.toMatchObject({ code: 'MLN_IO', message: expect.stringContaining('cable') });
  expect(bytesOf(store.path).equals(before)).toBe(true);
  expect(existsSync(undo)).toBe(false);
  // Where nothing was written before the error nothing is put back: it may be the disk that is full.
  expect(statSync(store.path).blocks).toBe(blocks);
});

test.each([
  ['is cut off', (whole: Buffer) => whole.subarray(0, whole.length - 1)],
  ['has no header yet', (whole: Buffer) => Buffer.concat([Buffer.alloc(64), whole.subarray(64)])],
  ['has another byte in it', (whole: Buffer) => whole.fill(whole[5000] === 1 ? 2 : 1, 5000, 5001)],
  ['is empty', () => Buffer.alloc(0)],
])('an undo file that %s changes nothing', async (_, damage) => {
  await patch();
  const after = bytesOf(store.path);
  writeFileSync(undo, damage(readFileSync(undo)));
  await unpatch(store, undo);
  expect(bytesOf(store.path).equals(after)).toBe(true);
  expect(existsSync(undo)).toBe(false);
});

test('what earlier edits have overwritten is not lost to later ones', async () => {
  await patch();
  const kept = readFileSync(undo);
  await expect(patch(store, [newFile('/more', 'x')])).rejects.toMatchObject({ code: 'MLN_BAD_STATE' });
  expect(readFileSync(undo).equals(kept)).toBe(true);
});

test('what a killed guest has left in its journal is read and kept', async () => {
  leaveJournal(store.path);
  expect(faults(store.path)).toMatch(/journal/);
  expect(inside(store.path, '/data')).toBe('a'.repeat(4096));
  const present = await openPresent(mln, store, join(directory, 'scratch'));
  expect((await present.filesystem.read('/data')).toString()).toBe('b'.repeat(4096));
  await present.patch([newFile('/new', 'new')], undo);
  expect([inside(store.path, '/data'), inside(store.path, '/new'), faults(store.path)]).toEqual([
    'b'.repeat(4096),
    'new',
    '',
  ]);
});

test('a filesystem that e2fsck does not mend unasked is said to be damaged', async () => {
  tell(store.path, 'clri <2>', 'ssv state 0');
  await expect(openPresent(mln, store, join(directory, 'scratch'))).rejects.toMatchObject({
    code: 'MLN_GUEST_EDIT',
    message: expect.stringMatching(/root\.img is damaged/),
    problems: [expect.objectContaining({ hint: expect.stringContaining('e2fsck -f') })],
  });
});

test('what does not fit into the guest leaves its disk as it was', async () => {
  const before = bytesOf(store.path);
  await expect(patch(store, [newFile('/big', Buffer.alloc(9 * MiB, 'x'))])).rejects.toMatchObject({
    code: 'MLN_NO_SPACE',
    message: expect.stringMatching(/root\.img is full at \/big/),
  });
  expect(bytesOf(store.path).equals(before)).toBe(true);
  expect(existsSync(undo)).toBe(false);
});

test('zeros in a file are zeros, whatever its blocks held before', async () => {
  const letters = join(directory, 'letters');
  writeFileSync(letters, Buffer.alloc(7 * MiB - 300_000, 'q'));
  tell(store.path, `write ${letters} full`, 'rm full');
  const content = Buffer.concat([Buffer.alloc(4096, 'y'), Buffer.alloc(3 * 4096), Buffer.from('z')]);
  const inOrder: Edit[] = [newFile('/holes', content)];
  for (let each = 0; each < 40; each += 1)
    inOrder.push({ do: 'directory', path: `/d${each}`, mode: 0o755, owner: 0, group: 0 });
  await patch(store, inOrder);
  expect(inside(store.path, '/holes')).toBe(content.toString());
  expect(faults(store.path)).toBe('');
});

/** A filesystem is the text of its file, and each edit a line more; nobody can try edits out. */
async function textKernel(fails = false): Promise<Mln> {
  const kernel = await extKernel(directory);
  const never = (): Promise<never> => Promise.reject(new Error('nobody asks for this'));
  kernel.hooks.filesystem.tapPromise({ name: 'text', stage: -1 }, (path) =>
    Promise.resolve({
      list: never,
      read: never,
      readLink: never,
      grow: never,
      minimumSize: never,
      apply(all) {
        writeFileSync(path, `${readFileSync(path, 'utf8')}${all.map((edit) => `${edit.path}\n`).join('')}`);
        return Promise.resolve();
      },
      check: () => (fails ? Promise.reject(new Error('not whole')) : Promise.resolve()),
    }),
  );
  return kernel;
}

test('where nobody can try edits out, all that a file holds is kept', async () => {
  mln = await textKernel();
  writeFileSync(store.path, 'a text\n');
  await patch();
  expect(readFileSync(store.path, 'utf8')).toBe('a text\n/etc\n/etc/hostname\n/large\n/data\n/link\n');
  await unpatch(store, undo);
  expect(readFileSync(store.path, 'utf8')).toBe('a text\n');
  mln = await textKernel(true);
  await expect(patch()).rejects.toThrow('not whole');
  expect(readFileSync(store.path, 'utf8')).toBe('a text\n');
  truncateSync(store.path, 6 * MiB);
  const before = bytesOf(store.path);
  await expect(patch()).rejects.toThrow('not whole');
  expect(bytesOf(store.path).equals(before)).toBe(true);
  expect(readdirSync(join(directory, '.upgrade/.undo'))).toEqual([]);
});
