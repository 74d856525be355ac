import { expect, test } from '@jest/globals';
import { sizeAfter } from '../src/upgrade/sizes.js';
import { rootDisk } from './disk-images.js';
import { fakeHost } from './fake-project.js';

const K = 1024;
type Said = readonly [size: number | null, free: number | null];

/** What the disk was said to be, how large it is, what its template has, what it is said to be now: how large it becomes. */
const table: readonly (readonly [
  what: string,
  before: Said,
  bytes: number,
  template: number | null,
  now: Said,
  after: number | 'refused',
  shrunk: number,
])[] = [
  ['nothing is said', [null, null], 64 * K, 64 * K, [null, null], 64 * K, 64 * K],
  ['the same is said', [128 * K, null], 128 * K, 64 * K, [128 * K, null], 128 * K, 128 * K],
  [
    'the same is said of one that was resized by hand',
    [128 * K, null],
    256 * K,
    64 * K,
    [128 * K, null],
    256 * K,
    256 * K,
  ],
  ['a size is said', [null, null], 64 * K, 64 * K, [128 * K, null], 128 * K, 128 * K],
  ['a larger size is said', [128 * K, null], 128 * K, 64 * K, [256 * K, null], 256 * K, 256 * K],
  ['a larger size, which it has by hand already', [128 * K, null], 512 * K, 64 * K, [256 * K, null], 512 * K, 512 * K],
  ['a size that is not whole blocks', [null, null], 64 * K, 64 * K, [100_000, null], 102_400, 102_400],
  ['free space is said', [null, null], 64 * K, 64 * K, [null, 8 * K], 72 * K, 72 * K],
  ['free space that comes to the size before', [72 * K, null], 72 * K, 64 * K, [null, 8 * K], 72 * K, 72 * K],
  ['free space wins over a size', [null, null], 64 * K, 64 * K, [256 * K, 8 * K], 72 * K, 72 * K],
  ['free space, of a template that is not known', [null, 8 * K], 72 * K, null, [null, 16 * K], 80 * K, 80 * K],
  ['a size below the template’s', [null, null], 64 * K, 64 * K, [16 * K, null], 64 * K, 64 * K],
  ['a smaller size', [256 * K, null], 256 * K, 64 * K, [128 * K, null], 'refused', 128 * K],
  ['a size is said no more', [256 * K, null], 256 * K, 64 * K, [null, null], 'refused', 64 * K],
  ['less free space', [null, 64 * K], 128 * K, 64 * K, [null, 8 * K], 'refused', 72 * K],
  ['smaller than its template', [256 * K, null], 256 * K, 64 * K, [8 * K, null], 'refused', 64 * K],
];

test.each(table)('%s', (_what, before, bytes, template, now, after, shrunk) => {
  const disk = ([size, freeSpace]: Said): typeof rootDisk => ({ ...rootDisk, size, freeSpace });
  const record = template === null ? undefined : { name: 'tiny', version: null, sha256: null, size: template };
  const old = { disk: disk(before), bytes, template: record };
  const act = (shrinks: boolean): number => sizeAfter(fakeHost('h'), disk(now), old, shrinks);
  if (after === 'refused') expect(() => act(false)).toThrow(expect.objectContaining({ code: 'MLN_DATA_LOSS' }));
  else expect(act(false)).toBe(after);
  expect(act(true)).toBe(shrunk);
});
