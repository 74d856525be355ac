import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import type { Package } from '../../src/protocol.js';
import { blobsOf } from '../../src/transfer/blobs.js';
import { CHUNK, writeFrames } from '../../src/transfer/frames.js';
import { collectGarbage } from '../../src/transfer/garbage.js';
import { sendFiles, type Packed } from '../../src/transfer/pack.js';
import { beforeCleaning, LOCAL, scratch, serverLab, sha256, type ServerLab } from './lab.js';

/** A package of files alone, as they lie in a folder. */
function packedOf(paths: readonly string[]): Packed {
  const digests = new Map(paths.map((path) => [path, sha256(path)]));
  const entries = paths.map((path, at) => ({
    path: `files/${at}/file`,
    kind: 'file' as const,
    mode: 0o644,
    blob: { sha256: digests.get(path) ?? '', size: statSync(path).size },
  }));
  const content = { project: { name: 'ring' }, source: '', entries, templates: [], plugins: {} } as unknown as Package;
  return { package: content, files: new Map([...digests].map(([path, digest]) => [digest, path])) };
}

function randomFile(size: number): string {
  const path = join(scratch(), 'file');
  writeFileSync(path, randomBytes(size));
  return path;
}

/** A large file with data here and there. */
async function sparseFile(
  size: number,
  stretches: readonly (readonly [at: number, length: number])[],
): Promise<string> {
  const path = join(scratch(), 'sparse');
  writeFileSync(path, '');
  truncateSync(path, size);
  const file = await open(path, 'r+');
  for (const [at, length] of stretches) await file.write(randomBytes(length), 0, length, at);
  await file.close();
  return path;
}

const stored = (lab: ServerLab, path: string): string => join(lab.blobs, sha256(path));

/** The digest of what lies there as a file, once it is on the disk. */
async function digestThere(lab: ServerLab, path: string): Promise<string> {
  const blob = { sha256: sha256(path), size: statSync(path).size };
  expect(await blobsOf(lab.blobs, lab.daemon.mln.shell).has(blob)).toBe(true);
  return sha256(stored(lab, path));
}

/** Bytes that a cut can make travel twice. */
const TWICE = 4 * MiB;

test('what is sent lies there by its digest, and is not sent again', async () => {
  const lab = await serverLab();
  const paths = [randomFile(0), randomFile(1), randomFile(300_000), randomFile(9 * MiB + 17)];
  const packed = packedOf(paths);
  expect(await sendFiles(lab.client, LOCAL, packed)).toBe(9 * MiB + 17 + 300_001);
  for (const path of paths) expect(await digestThere(lab, path)).toBe(sha256(path));
  expect(readdirSync(lab.blobs).sort()).toEqual(paths.map(sha256).sort());
  lab.seen.bytes = 0;
  expect(await sendFiles(lab.client, LOCAL, packed)).toBe(0);
  expect(lab.seen.bytes).toBe(0);
  lab.client.close();
});

test('two thousand small files take few requests', async () => {
  const lab = await serverLab();
  const folder = scratch();
  const paths = Array.from({ length: 2000 }, (_, at) => {
    writeFileSync(join(folder, String(at)), `file ${at} `.repeat((at % 300) + 1));
    return join(folder, String(at));
  });
  await sendFiles(lab.client, LOCAL, packedOf(paths));
  expect(readdirSync(lab.blobs)).toHaveLength(2000);
  expect(lab.seen.requests.length).toBeLessThanOrEqual(4);
  lab.client.close();
});

test('holes do not travel, and are holes there', async () => {
  const lab = await serverLab();
  const path = await sparseFile(60 * MiB, [
    [0, 5000],
    [3 * MiB + 100, 10_000],
    [50 * MiB, MiB],
  ]);
  await sendFiles(lab.client, LOCAL, packedOf([path]));
  expect(await digestThere(lab, path)).toBe(sha256(path));
  expect(lab.seen.bytes).toBeLessThan(MiB + 64 * 1024);
  expect(statSync(stored(lab, path)).blocks * 512).toBeLessThan(2 * MiB);
  // Another that is a hole to its end, and one that is nothing else.
  for (const end of [await sparseFile(10 * MiB, [[MiB, 1]]), await sparseFile(8 * MiB, [])]) {
    await sendFiles(lab.client, LOCAL, packedOf([end]));
    expect(await digestThere(lab, end)).toBe(sha256(end));
  }
  lab.client.close();
});

test.each([1000, MiB, CHUNK - 1, CHUNK + 5, 2 * CHUNK + 70_000, 5 * CHUNK - 4097, 5 * CHUNK + 1])(
  'what a cut after %i bytes leaves is gone on with',
  async (bytes) => {
    const lab = await serverLab();
    const path = randomFile(5 * CHUNK);
    lab.cutAfter = bytes;
    const packed = packedOf([path]);
    await sendFiles(lab.client, LOCAL, packed);
    expect(await digestThere(lab, path)).toBe(sha256(path));
    // What came in over the wire is at most 4 MiB more than the file.
    expect(lab.seen.bytes).toBeGreaterThanOrEqual(5 * CHUNK);
    expect(lab.seen.bytes).toBeLessThanOrEqual(5 * CHUNK + TWICE + 1000);
    lab.client.close();
  },
);

test('a daemon that begins anew knows how far an upload is', async () => {
  const folder = scratch();
  const first = await serverLab(folder);
  const path = randomFile(5 * CHUNK + 9);
  Object.assign(first, { cutAfter: 3 * CHUNK + MiB, thenDown: true });
  await expect(sendFiles(first.client, LOCAL, packedOf([path]))).rejects.toMatchObject({ code: 'MLN_NO_SERVER' });
  first.client.close();
  // Another name for the folder: what the first has in its memory is not found.
  const again = await serverLab(folder, { state: `${folder}//daemon` });
  const packed = packedOf([path]);
  const sent = await sendFiles(again.client, LOCAL, packed);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThanOrEqual(2 * CHUNK + 9 + TWICE);
  expect(await digestThere(again, path)).toBe(sha256(path));
  again.client.close();
});

test('two at once come to one file', async () => {
  const lab = await serverLab();
  const path = randomFile(5 * CHUNK + 3);
  const packed = packedOf([path]);
  await Promise.all([1, 2, 3].map(() => sendFiles(lab.client, LOCAL, packed)));
  expect(await digestThere(lab, path)).toBe(sha256(path));
  expect(readdirSync(lab.blobs)).toEqual([sha256(path)]);
  lab.client.close();
});

test('a forged digest is refused, and nothing of it is kept', async () => {
  const lab = await serverLab();
  const [path, other] = [randomFile(4 * CHUNK), randomFile(4 * CHUNK)];
  const small = [randomFile(100), randomFile(100)] as const;
  for (const [one, another] of [[path, other] as const, small]) {
    const forged = { ...packedOf([one]), files: new Map([[sha256(one), another]]) };
    await expect(sendFiles(lab.client, LOCAL, forged)).rejects.toThrow(/changed while it was sent|another SHA-256/);
    expect(readdirSync(lab.blobs)).toEqual([]);
  }
  // Nobody spoils what somebody else sends.
  Object.assign(lab, { cutAfter: lab.seen.bytes + CHUNK, thenDown: true });
  await expect(sendFiles(lab.client, LOCAL, packedOf([path]))).rejects.toMatchObject({ code: 'MLN_NO_SERVER' });
  Object.assign(lab, { cutAfter: Infinity, thenDown: false });
  lab.principal = { kind: 'user', name: 'mallory' };
  const forged = { ...packedOf([path]), files: new Map([[sha256(path), other]]) };
  await expect(sendFiles(lab.client, LOCAL, forged)).rejects.toThrow('changed while it was sent');
  lab.principal = { kind: 'user', name: 'alice' };
  expect(await sendFiles(lab.client, LOCAL, packedOf([path]))).toBeLessThanOrEqual(3 * CHUNK + TWICE);
  expect(await digestThere(lab, path)).toBe(sha256(path));
  expect(readdirSync(lab.blobs)).toEqual([sha256(path)]);
  lab.client.close();
});

test('a file whose beginning was spoilt there is sent anew', async () => {
  const lab = await serverLab();
  const path = randomFile(4 * CHUNK);
  Object.assign(lab, { cutAfter: 2 * CHUNK + 100, thenDown: true });
  await expect(sendFiles(lab.client, LOCAL, packedOf([path]))).rejects.toMatchObject({ code: 'MLN_NO_SERVER' });
  Object.assign(lab, { cutAfter: Infinity, thenDown: false });
  const [part = ''] = readdirSync(lab.blobs);
  const { size } = statSync(join(lab.blobs, part));
  // Another length: it is digested again, and found to be something else.
  writeFileSync(join(lab.blobs, part), Buffer.alloc(size - 1, 7));
  await sendFiles(lab.client, LOCAL, packedOf([path]));
  expect(await digestThere(lab, path)).toBe(sha256(path));
  lab.client.close();
});

const digest = 'ab'.repeat(32);

test.each([
  ['more bytes than there are', { size: '100' }, [{ zeros: 0, bytes: Buffer.alloc(200) }]],
  ['more zeros than there are', { size: '100' }, [{ zeros: 2 ** 52, bytes: Buffer.alloc(0) }]],
  ['a size beyond all', { size: String(2 ** 50) }, []],
  ['a size that is no number', { size: '1e3' }, []],
  ['a negative offset', { size: '100', offset: '-1' }, []],
  ['an endless digest', { size: '100', sha256: '..%2f..%2fpasswd' }, []],
])('%s is refused', async (_, asked: Readonly<Record<string, string>>, frames) => {
  const { sha256: name = digest, ...query } = asked;
  const lab = await serverLab();
  const bytes = writeFrames(frames);
  const path = `/v1/blobs/${name}?${new URLSearchParams({ project: 'ring', ...query }).toString()}`;
  const length = bytes.reduce((sum, each) => sum + each.length, 0);
  await expect(lab.client.upload(LOCAL, path, Readable.from(bytes), { length })).rejects.toMatchObject({
    code: 'MLN_BAD_REQUEST',
  });
  expect(statSync(lab.blobs, { throwIfNoEntry: false }) ? readdirSync(lab.blobs) : []).toEqual([]);
  lab.client.close();
});

test('whoever may not build sends nothing, and learns nothing', async () => {
  const lab = await serverLab();
  lab.allowed = false;
  for (const size of [10, CHUNK])
    await expect(sendFiles(lab.client, LOCAL, packedOf([randomFile(size)]))).rejects.toMatchObject({
      code: 'MLN_NOT_ALLOWED',
    });
  rmSync(lab.blobs, { recursive: true, force: true });
  lab.client.close();
});

const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
const disk = scratch();
const mounted = mayMount && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'mln-test', disk]).status === 0;
beforeCleaning(() => {
  if (mounted) spawnSync('umount', [disk]);
});

(mounted ? test : test.skip)('a full disk is told, and gets its room back (only root can mount one)', async () => {
  const lab = await serverLab(disk);
  const path = randomFile(20 * MiB);
  await expect(sendFiles(lab.client, LOCAL, packedOf([path]))).rejects.toMatchObject({ code: 'MLN_NO_SPACE' });
  expect(readdirSync(lab.blobs)).toEqual([]);
  // One that says it is nearly all holes, and is not.
  const name = 'cd'.repeat(32);
  const fill = async (): Promise<void> => {
    for (let offset = 0; offset < 40 * MiB; offset += CHUNK) {
      const bytes = writeFrames([{ zeros: 0, bytes: Buffer.alloc(CHUNK, 1) }]);
      const query = `project=ring&size=${40 * MiB}&offset=${offset}&stored=1`;
      const length = bytes.reduce((sum, each) => sum + each.length, 0);
      await lab.client.upload(LOCAL, `/v1/blobs/${name}?${query}`, Readable.from(bytes), { length });
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'MLN_NO_SPACE' });
  expect(readdirSync(lab.blobs)).toEqual([]);
  lab.client.close();
});

test('what nobody needs is removed: after a day, or the oldest where it is too much', async () => {
  const lab = await serverLab();
  const names = ['aa', 'bb', 'cc', 'dd', 'ee'].map((each) => each.repeat(32));
  const [old = '', waited = '', half = '', large = '', fresh = ''] = names;
  mkdirSync(lab.blobs, { recursive: true });
  const hours = { [old]: 30, [waited]: 30, [half]: 30, [large]: 3, [fresh]: 0.5 };
  const now = Date.now();
  for (const [name, ago] of Object.entries(hours)) {
    const file = join(lab.blobs, name === half ? `${name}.0123456789abcdef.part` : name);
    writeFileSync(file, Buffer.alloc(64 * 1024));
    utimesSync(file, new Date(now - ago * 3_600_000), new Date(now - ago * 3_600_000));
  }
  for (const [id, ended] of [['op-1', false] as const, ['op-2', true] as const]) {
    const operation = join(lab.daemon.places.state, 'operations', id);
    mkdirSync(operation, { recursive: true });
    writeFileSync(join(operation, 'request.json'), JSON.stringify({ blob: { sha256: ended ? old : waited, size: 1 } }));
    if (ended) writeFileSync(join(operation, 'outcome.json'), '{}');
  }
  await collectGarbage(lab.daemon, { now });
  expect(readdirSync(lab.blobs).sort()).toEqual([waited, large, fresh].sort());
  await collectGarbage(lab.daemon, { now, most: 100 * 1024 });
  expect(readdirSync(lab.blobs).sort()).toEqual([waited, fresh].sort());
  lab.client.close();
});
