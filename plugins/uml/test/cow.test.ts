import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { MiB, type Disk, type Host, type Project, type Store, type Stretch } from '@mln/core';
import { runShell } from '../../../core/src/shell.js';
import { fc } from '../../../test/support/fast-check.js';
import { ownStretches, readCowHeader, writeCow } from '../src/cow-file.js';
import { cowStore } from '../src/cow-store.js';

/* Copy-on-write files, judged by the programs of uml-utilities: uml_mkcow makes them as the kernel does, uml_moo joins them. */

const folder = mkdtempSync(join(tmpdir(), 'mln-cow-'));
let made = 0;
const scratch = (name: string): string => join(folder, `${(made += 1)}-${name}`);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function imageOf(bytes: Buffer): string {
  const image = scratch('image');
  writeFileSync(image, bytes);
  utimesSync(image, 1_700_000_000, 1_700_000_000.75);
  return image;
}

function overlaid(bytes: Buffer, changes: readonly Stretch[]): Buffer {
  const result = Buffer.from(bytes);
  for (const { at, bytes: part } of changes) part.copy(result, at);
  return result;
}

function moo(cow: string): Buffer {
  const whole = scratch('whole');
  execFileSync('uml_moo', [cow, whole], { cwd: folder, stdio: 'pipe' });
  return readFileSync(whole);
}

const host = { name: 'h' } as Host;
const storeIn = (directory: string): Store =>
  cowStore({ path: 'root.img', existing: false } as Disk, host, { directory } as Project, runShell);

function project(): string {
  const directory = scratch('project');
  mkdirSync(join(directory, 'h'), { recursive: true });
  return directory;
}

test('an empty one is, byte for byte, what uml_mkcow makes, but for its length', () => {
  const image = imageOf(Buffer.alloc(3 * MiB, 'x'));
  const [ours, theirs] = [scratch('ours'), scratch('theirs')];
  execFileSync('uml_mkcow', [theirs, image], { stdio: 'pipe' });
  writeCow(ours, { path: image, named: image }, []);
  const expected = readFileSync(theirs);
  expect(readFileSync(ours).subarray(0, expected.length).equals(expected)).toBe(true);
  expect(readCowHeader(ours)).toEqual({ image, mtime: 1_700_000_000, size: 3 * MiB });
});

const sectors = 96;
const stretches = fc
  .uniqueArray(fc.nat(sectors - 1), { maxLength: 40 })
  .map((list) => list.sort((one, other) => one - other));

test('whatever has changed: what it holds, uml_moo and flatten all say the same', async () => {
  await fc.assert(
    fc.asyncProperty(stretches, fc.nat(255), async (changed, fill) => {
      const bytes = Buffer.alloc(sectors * 512, fill);
      const image = imageOf(bytes);
      const changes = changed.map((sector) => ({ at: sector * 512, bytes: Buffer.alloc(512, sector + 1) }));
      const directory = project();
      const store = storeIn(directory);
      await store.createOver?.(image, changes);
      const held = [...ownStretches(store.path, { image, mtime: 0, size: bytes.length })];
      expect(held.reduce((sum, each) => sum + each.bytes.length, 0)).toBe(changed.length * 512);
      const expected = overlaid(bytes, changes);
      expect(moo(store.path).equals(expected)).toBe(true);
      const whole = join(directory, 'whole');
      await store.flatten?.(whole);
      expect(readFileSync(whole).equals(expected)).toBe(true);
      expect(statSync(whole).mode & 0o777).toBe(0o600);
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('a large image takes the room of what has changed', async () => {
  const image = scratch('large');
  closeSync(openSync(image, 'w'));
  execFileSync('truncate', ['-s', '8G', image]);
  const store = storeIn(project());
  await store.createOver?.(image, [
    { at: 5 * MiB, bytes: Buffer.alloc(4096, 1) },
    { at: 8 * 1024 * MiB - 4096, bytes: Buffer.alloc(4096, 2) },
  ]);
  expect(statSync(store.path).blocks * 512).toBeLessThan(40_000);
  const whole = scratch('flat');
  await store.flatten?.(whole);
  expect(statSync(whole).size).toBe(8 * 1024 * MiB);
  expect(statSync(whole).blocks * 512).toBeLessThan(40_000);
});

test('an image of the project’s own is named from the folder of the host', async () => {
  const directory = project();
  mkdirSync(join(directory, 'images'));
  writeFileSync(join(directory, 'images/base'), Buffer.alloc(8192, 7));
  const store = storeIn(directory);
  await store.createOver?.('images/base', []);
  expect(readCowHeader(store.path)?.image).toBe('../images/base');
  const whole = scratch('whole');
  await store.flatten?.(whole);
  expect(readFileSync(whole).equals(Buffer.alloc(8192, 7))).toBe(true);
});

test('an image that is missing, or has changed, is said before anything is made', async () => {
  const image = imageOf(Buffer.alloc(8192, 1));
  const store = storeIn(project());
  await store.createOver?.(image, []);
  const whole = scratch('whole');
  utimesSync(image, 1_700_000_100, 1_700_000_100);
  await expect(store.flatten?.(whole)).rejects.toMatchObject({
    code: 'MLN_TEMPLATE_CHANGED',
    message: expect.stringContaining(image),
  });
  rmSync(image);
  await expect(store.flatten?.(whole)).rejects.toMatchObject({ code: 'MLN_NO_FILE' });
  expect(() => statSync(whole)).toThrow('ENOENT');
});

test('what is no copy-on-write file is not taken for one', () => {
  const file = scratch('file');
  for (const content of [Buffer.alloc(0), Buffer.from('OOOM'), Buffer.alloc(9000, 1)]) {
    writeFileSync(file, content);
    expect(readCowHeader(file)).toBeNull();
  }
});
