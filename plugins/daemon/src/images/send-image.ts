import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Shell } from '@mln/core';
import { createImageDigest } from './digest.js';
import { createPacker, type Packer } from './packer.js';
import { dataRanges, type Range } from './ranges.js';
import { segmentsOf, type Chunk, type Segment } from './segments.js';
import { DIGEST, isCut, jsonIn, nonsense, WINDOW, wireOn, type Kind, type Wire } from './wire.js';

/** An image that is sent. */
export interface SentImage {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** The record of its host; null where there is none. */
  readonly record: Buffer | null;
}

/** What came of a transfer; bytes of the image. */
export interface Transferred {
  /** What travelled, as it was before it was packed. */
  readonly sent: number;
  /** What the target had. */
  readonly reused: number;
}

const RECORD = 256 * 1024;
const NOTHING = Buffer.alloc(DIGEST);

/**
 * Sends an image to whoever takes it at the other end of a connection, which is closed in the end; name is this server's. What the other end has
 * is not sent. Throws what went wrong at either end; where the connection was cut (isCut), another one goes on where it was.
 */
export async function sendImage(
  stream: Duplex,
  { path, size, record }: SentImage,
  { shell, name = null }: { readonly shell: Shell; readonly name?: string | null },
): Promise<Transferred> {
  const wire = wireOn(stream, name);
  try {
    const ranges = await dataRanges(shell, path, size);
    const stored = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    await wire.json('begin', { size, stored, record: record !== null });
    const { packed } = jsonIn(await expected(wire, 'ready'));
    for (let at = 0; record !== null && at < record.length; at += RECORD)
      await wire.send('record', record.subarray(at, at + RECORD));
    const packer = createPacker(wire, packed === true ? shell : null);
    try {
      const transferred = await sendChunks(wire, packer, { path, size, record }, ranges);
      wire.close();
      return transferred;
    } finally {
      packer.close();
    }
  } catch (error) {
    const told = await reasonOf(wire, error);
    if (isCut(told)) wire.close();
    else await wire.fail(told);
    throw told;
  }
}

/** Who refuses what is sent says so and then hangs up: what it has said counts, not that it has gone. */
async function reasonOf(wire: Wire, error: unknown): Promise<unknown> {
  if (!isCut(error)) return error;
  try {
    for (;;) await wire.body(await wire.head());
  } catch (other) {
    return isCut(other) ? error : other;
  }
}

async function sendChunks(
  wire: Wire,
  packer: Packer,
  { path, size, record }: SentImage,
  ranges: readonly Range[],
): Promise<Transferred> {
  const digest = createImageDigest(size);
  const offered: Segment[] = [];
  /** What is read and digested next need not wait for what is on its way. */
  let sending: Promise<void> = Promise.resolve();
  const answerOne = async (): Promise<void> => {
    const segment = offered.shift();
    if (!segment) return;
    const missing = await missingIn(wire, segment);
    await sending;
    const bytes = missing.map((chunk) => chunk.bytes);
    sending = bytes.length === 0 ? Promise.resolve() : packer.send(bytes);
    sending = sending.then(() => {
      segment.free();
    });
    sending.catch(() => undefined);
  };
  for await (const segment of segmentsOf(path, size, ranges)) {
    if (segment.zeros > 0) await wire.send('zeros', countOf(segment.zeros));
    digest.zeros(segment.zeros);
    for (const chunk of segment.chunks)
      if (chunk) digest.chunk(chunk.digest);
      else digest.zeros(1);
    if (segment.chunks.length === 0) continue;
    await wire.send('offer', Buffer.concat(segment.chunks.map((chunk) => chunk?.digest ?? NOTHING)));
    if (offered.push(segment) >= WINDOW) await answerOne();
  }
  while (offered.length > 0) await answerOne();
  await sending;
  await packer.end();
  await wire.json('end', {
    digest: digest.end(),
    record: record && createHash('sha256').update(record).digest('hex'),
  });
  return transferredIn(await expected(wire, 'done'));
}

/** Reads what the other end says at the end. */
export function transferredIn(bytes: Buffer): Transferred {
  const { sent, reused } = jsonIn(bytes);
  return { sent: Number(sent), reused: Number(reused) };
}

async function missingIn(wire: Wire, { chunks }: Segment): Promise<readonly Chunk[]> {
  const bits = await expected(wire, 'missing');
  if (bits.length !== Math.ceil(chunks.length / 8)) throw nonsense('an answer to another offer');
  return chunks.flatMap((chunk, index) => (chunk && isSet(bits, index) ? [chunk] : []));
}

async function expected(wire: Wire, kind: Kind): Promise<Buffer> {
  const head = await wire.head();
  if (head.kind !== kind) throw nonsense(`${head.kind} where ${kind} is expected`);
  return wire.body(head);
}

function isSet(bits: Buffer, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

function countOf(chunks: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(chunks));
  return bytes;
}
