import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { createImageDigest } from '../../src/images/digest.js';
import { receiveImage } from '../../src/images/receive-image.js';
import { CHUNK, kinds, OFFERED, wireOn, type Kind } from '../../src/images/wire.js';
import { imageOf, makeDisk, MiB, pair, shell, transfer } from './pair.js';

const chunk = randomBytes(CHUNK);
const digest = createHash('sha256').update(chunk).digest();
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const begin = (size: unknown, more = {}): [Kind, Buffer] => [
  'begin',
  json({ size, stored: 0, record: false, ...more }),
];
const count = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const end = (): Buffer => {
  const all = createImageDigest(CHUNK);
  all.chunk(digest);
  return json({ digest: all.end(), record: null });
};
const whole: [Kind, Buffer][] = [begin(CHUNK), ['offer', digest], ['data', chunk]];

/** Writes frames as they are; gives what whoever takes them says, and what is left of them. */
async function say(frames: readonly (readonly [Kind | number, Buffer])[], folder = join(scratchFolder(), 'in')) {
  const [near, far] = await pair();
  const receiving = receiveImage(far, { folder, bases: [], shell });
  receiving.catch(() => undefined);
  for (const [kind, bytes] of frames) writeFrame(near, kind, bytes);
  const wire = wireOn(near);
  const told = (async () => {
    for (;;) {
      const head = await wire.head();
      await wire.body(head);
      if (head.kind === 'done') return 'done';
    }
  })();
  const answer = await told.catch((error: unknown) => error);
  wire.close();
  const ended = await receiving.then(
    () => null,
    (error: unknown) => error,
  );
  return { answer, ended, left: existsSync(folder) };
}

function writeFrame(stream: Socket, kind: Kind | number, bytes: Buffer, length = bytes.length): void {
  const head = Buffer.alloc(5);
  head[0] = typeof kind === 'number' ? kind : kinds[kind];
  head.writeUInt32BE(length, 1);
  stream.write(Buffer.concat([head, bytes]));
}

test('what is said rightly is taken', async () => {
  expect(await say([...whole, ['end', end()]])).toEqual({ answer: 'done', ended: null, left: true });
});

const wrong: Readonly<Record<string, readonly (readonly [Kind | number, Buffer])[]>> = {
  'no beginning': [['offer', digest]],
  'a beginning that is no JSON': [['begin', Buffer.from('{')]],
  'a size that is none': [begin(-1)],
  'a size that is text': [begin('1024')],
  'a size beyond all disks': [begin(2 ** 52)],
  'a frame that nobody knows': [begin(CHUNK), [99, Buffer.alloc(0)]],
  'an offer of half a digest': [begin(CHUNK), ['offer', digest.subarray(0, 31)]],
  'an offer of nothing': [begin(CHUNK), ['offer', Buffer.alloc(0)]],
  'more chunks than the size': [begin(CHUNK), ['offer', Buffer.concat([digest, digest])]],
  'more zeros than the size': [begin(CHUNK), ['zeros', count(2n)]],
  'zeros without end': [begin(CHUNK), ['zeros', count(2n ** 64n - 1n)]],
  'no zeros': [begin(CHUNK), ['zeros', count(0n)]],
  'bytes that nobody asked for': [begin(CHUNK), ['data', chunk]],
  'more bytes than were asked for': [...whole, ['data', chunk]],
  'forged bytes': [begin(CHUNK), ['offer', digest], ['data', randomBytes(CHUNK)]],
  'an end amid a chunk': [begin(CHUNK), ['offer', digest], ['data', chunk.subarray(1)], ['end', end()]],
  'an end before all is told': [begin(2 * CHUNK), ['offer', digest], ['data', chunk], ['end', end()]],
  'another digest of all': [...whole, ['end', json({ digest: 'ab'.repeat(32), record: null })]],
  'a record that was not announced': [begin(CHUNK), ['record', chunk]],
  'another record': [
    begin(CHUNK, { record: true }),
    ['record', chunk],
    ['offer', digest],
    ['data', chunk],
    ['end', json({ ...(JSON.parse(end().toString()) as object), record: 'ab'.repeat(32) })],
  ],
  'what is packed and is not': [begin(CHUNK), ['offer', digest], ['packed', chunk], ['end', end()]],
  'a word of the other side': [begin(CHUNK), ['missing', Buffer.alloc(1)]],
};

test.each(Object.entries(wrong))('%s: refused, and nothing is kept', async (_name, frames) => {
  const { answer, ended, left } = await say(frames);
  expect(ended).toMatchObject({ code: 'MLN_BAD_REQUEST' });
  expect(answer).toMatchObject({ code: 'MLN_BAD_REQUEST' });
  expect(left).toBe(false);
});

test('a frame that is longer than it may be is not waited for', async () => {
  const folder = join(scratchFolder(), 'in');
  const [near, far] = await pair();
  const receiving = receiveImage(far, { folder, bases: [], shell });
  writeFrame(near, 'begin', begin(CHUNK)[1]);
  writeFrame(near, 'data', chunk, 2 ** 32 - 1);
  near.on('data', () => undefined).on('end', () => near.destroy());
  await expect(receiving).rejects.toMatchObject({ code: 'MLN_BAD_REQUEST' });
});

test('more bytes packed than were asked for are not unpacked to the end', async () => {
  const zeros = makeDisk(256 * MiB, []);
  const { stdout } = await shell('sh', ['-c', `zstd -q -c ${zeros} | base64 -w0`], { timeout: 60_000 });
  rmSync(zeros);
  const packed = Buffer.from(stdout, 'base64');
  const { ended, left } = await say([begin(CHUNK), ['offer', digest], ['packed', packed], ['end', end()]]);
  expect(packed.length).toBeLessThan(MiB);
  expect([ended, left]).toEqual([expect.objectContaining({ code: 'MLN_BAD_REQUEST' }), false]);
});

test('whoever sends hears why, however much is still to come', async () => {
  const disk = makeDisk(24 * MiB, [[0, 24 * MiB]]);
  const folder = join(scratchFolder(), 'in');
  const refused = transfer({ ...imageOf(disk, 24 * MiB), size: 2 ** 52 }, folder);
  await expect(refused).rejects.toMatchObject({ code: 'MLN_BAD_REQUEST', message: expect.stringContaining('at most') });
  const gone = transfer(imageOf(join(folder, 'nothing'), 25 * MiB), folder);
  await expect(gone).rejects.toMatchObject({ code: 'MLN_IO', other: { reason: { code: 'MLN_IO' } } });
  expect(existsSync(folder)).toBe(false);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot('a disk that is full is told of, and what had come is removed', async () => {
  const small = scratchFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', small]);
  try {
    const folder = join(small, 'in');
    const segment = Array.from({ length: OFFERED }, () => randomBytes(CHUNK));
    const offer = Buffer.concat(segment.map((each) => createHash('sha256').update(each).digest()));
    const data = segment.map((each): [Kind, Buffer] => ['data', each]);
    const frames = Array.from({ length: 8 }, (): [Kind, Buffer][] => [['offer', offer], ...data]).flat();
    const all: [Kind, Buffer][] = [begin(8 * OFFERED * CHUNK), ...frames, ['end', end()]];
    const { answer, ended, left } = await say(all, folder);
    expect(answer).toMatchObject({ code: 'MLN_NO_SPACE', message: expect.stringContaining('the disk is full') });
    expect([ended, left]).toEqual([expect.objectContaining({ code: 'MLN_NO_SPACE' }), false]);
    // What is too large by its own word is refused before anything is written.
    const disk = makeDisk(24 * MiB, [[0, 24 * MiB]]);
    await expect(transfer(imageOf(disk, 24 * MiB), folder)).rejects.toMatchObject({
      code: 'MLN_NO_SPACE',
      message: expect.stringContaining('no room for 24'),
    });
    expect([existsSync(folder), statSync(disk).size]).toEqual([false, 24 * MiB]);
  } finally {
    execFileSync('umount', [small]);
  }
});
