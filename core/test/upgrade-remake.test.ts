import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { isStaged } from '../src/recover.js';
import type { Mln } from '../src/kernel.js';
import type { Store } from '../src/store.js';
import { leastSize, remake, type Remaking } from '../src/upgrade/disk.js';
import { keptFolder, upgradeFolder } from '../src/upgrade/places.js';
import { MiB } from '../src/values.js';
import { bytesOf, extKernel, faults, inside, makeDisk, newFile, run, storeIn } from './disk-images.js';
import { scratchFolder } from './scratch.js';

/* Disks that are made anew of another one's content, or take another name. */

let mln: Mln;
let directory: string;
let from: string;
let to: Store;

beforeEach(async () => {
  directory = scratchFolder();
  mln = await extKernel(directory);
  from = join(directory, 'old.img');
  makeDisk(from, 16);
  to = storeIn(directory);
  mkdirSync(join(directory, 'h'));
});

const make = (size: number, more: Partial<Remaking> = {}): Promise<void> =>
  remake(mln, { from, to, size: size * MiB, scratch: join(directory, 'scratch'), ...more });
const blocksIn = (path: string): number => Number(/^Block count: +(\d+)$/m.exec(run('dumpe2fs', ['-h', path]))?.[1]);
const seen = (): unknown => [readdirSync(directory).sort(), readdirSync(join(directory, 'h'))];

describe('a disk is made of another', () => {
  test.each([8, 16, 24])('of 16 MiB: %i MiB, and the old one is as it was', async (size) => {
    const before = bytesOf(from);
    await make(size);
    expect(statSync(to.path)).toMatchObject({ size: size * MiB, mode: 0o100600 });
    expect(blocksIn(to.path)).toBe((size * MiB) / 4096);
    expect([inside(to.path, '/data'), faults(to.path)]).toEqual(['a'.repeat(4096), '']);
    expect(bytesOf(from).equals(before)).toBe(true);
    expect(seen()).toEqual([['.letters', 'h', 'old.img'], ['root.img']]);
  });

  test.each([
    [16, true],
    [24, false],
    [8, false],
  ])('that may go: %i MiB, moved %s', async (size, moved) => {
    const { ino } = statSync(from);
    await make(size, { mayMove: true });
    expect(existsSync(from)).toBe(!moved);
    expect(statSync(to.path).ino === ino).toBe(moved);
    expect(faults(to.path)).toBe('');
  });

  test('as small as it can be, and no smaller', async () => {
    await (await mln.hooks.filesystem.promise(from))?.apply([newFile('/large', Buffer.alloc(5 * MiB, 'x'))]);
    const least = await leastSize(mln, from);
    expect(least % 4096).toBe(0);
    const before = bytesOf(from);
    await expect(make((least - 4096) / MiB)).rejects.toMatchObject({
      code: 'MLN_NO_SPACE',
      message: expect.stringMatching(/what it holds takes /),
      problems: [expect.objectContaining({ hint: expect.stringContaining(`at least ${least} bytes`) })],
    });
    expect(bytesOf(from).equals(before)).toBe(true);
    expect(seen()).toEqual([['.letters', 'h', 'old.img'], []]);
    await make(least / MiB);
    expect(inside(to.path, '/large')).toBe('x'.repeat(5 * MiB));
    expect([faults(to.path), statSync(to.path).size]).toEqual(['', least]);
  });

  test('in whose place another stands is refused, and that one stays', async () => {
    writeFileSync(to.path, 'mine');
    await expect(make(16)).rejects.toMatchObject({ code: 'MLN_IO', message: expect.stringContaining('there already') });
    expect(bytesOf(to.path).toString()).toBe('mine');
  });

  test.each([16, 24, 8])('leaves nothing where that fails: %i MiB', async (size) => {
    const before = bytesOf(from);
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    const store: Store = {
      ...to,
      inside: false,
      create(image, bytes) {
        return to.create(image, bytes).then(() => Promise.reject(full));
      },
    };
    await expect(make(size, { to: store, mayMove: true })).rejects.toMatchObject({
      code: 'MLN_NO_SPACE',
      message: expect.stringContaining(to.path),
    });
    expect(bytesOf(from).equals(before)).toBe(true);
    expect(seen()).toEqual([['.letters', 'h', 'old.img'], []]);
  });

  test('that was moved and is not whole goes back', async () => {
    run('debugfs', ['-w', '-R', 'clri <2>', from]);
    const before = bytesOf(from);
    await expect(make(16, { mayMove: true })).rejects.toMatchObject({ code: 'MLN_GUEST_EDIT' });
    expect(bytesOf(from).equals(before)).toBe(true);
    expect(seen()).toEqual([['.letters', 'h', 'old.img'], []]);
  });
});

describe('a disk takes another name', () => {
  const kept = (): Store => storeIn(directory, { kept: '3' });

  test('kept aside, it lies below the version; done again, what is new stays where it is', async () => {
    expect(kept().path).toBe(join(directory, keptFolder('3', 'h'), 'root.img'));
    writeFileSync(to.path, 'old');
    await kept().take?.(to.path);
    expect([existsSync(to.path), bytesOf(kept().path).toString()]).toEqual([false, 'old']);
    writeFileSync(to.path, 'new');
    await kept().take?.(to.path);
    expect([to, kept()].map(({ path }) => bytesOf(path).toString())).toEqual(['new', 'old']);
    await kept().remove();
    expect(await kept().exists()).toBe(false);
  });

  test('one that is nowhere is told of', async () => {
    await expect(kept().take?.(to.path)).rejects.toMatchObject({
      code: 'MLN_IO',
      message: expect.stringContaining(kept().path),
    });
  });

  test('a disk that mln has not made has none', () => {
    expect(storeIn(directory, { existing: true, path: '/disk' })).not.toHaveProperty('take');
  });
});

test('what an upgrade makes is staged, as what a build makes', () => {
  const staged = (path: string): boolean => isStaged({ name: 'p', directory: path });
  expect(['/x/.p.new', upgradeFolder('/x/p'), '/x/p', '/x/upgrade'].map(staged)).toEqual([true, true, false, false]);
});
