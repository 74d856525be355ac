import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Shell } from '@mln/core';
import { createImageDigest, digestsIn } from './digest.js';
import { createDigester, type Digester } from './digester.js';
import { createPacker, type Packer } from './packer.js';
import { dataRanges, type Range } from './ranges.js';
import { isZeros, segmentsOf, type Segment } from './segments.js';
import { CHUNK, isCut, jsonIn, nonsense, WINDOW, wireOn, type Kind, type Wire } from './wire.js';

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
/** Segments that are on their way at once. */
const SENDING = 2;

/**
 * Sends an image to whoever takes it at the other end of a connection, which is closed in the end; name is this server's. What the other end has
 * is not sent. Throws what went wrong at either end; where the connection was cut (isCut), another one goes on where it was.
 */
export async function sendImage(
  stream: Duplex,
  image: SentImage,
  { shell, name = null }: { readonly shell: Shell; readonly name?: string | null },
): Promise<Transferred> {
  return sendOn(wireOn(stream, name), image, shell);
}

/** The same, over a connection on which something was waited for: the other end hears that it goes on. */
export async function sendOn(wire: Wire, { path, size, record }: SentImage, shell: Shell): Promise<Transferred> {
  const digester = createDigester();
  try {
    const ranges = await dataRanges(shell, path, size);
    const stored = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    await wire.json('begin', { size, stored, record: record !== null });
    const { packed } = jsonIn(await expected(wire, 'ready'));
    for (let at = 0; record !== null && at < record.length; at += RECORD)
      await wire.send('record', record.subarray(at, at + RECORD));
    const packer = createPacker(wire, packed === true ? shell : null);
    try {
      const transferred = await sendChunks({ wire, packer, digester }, { path, size, record }, ranges);
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
  } finally {
    digester.close();
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
  { wire, packer, digester }: { readonly wire: Wire; readonly packer: Packer; readonly digester: Digester },
  { path, size, record }: SentImage,
  ranges: readonly Range[],
): Promise<Transferred> {
  const digest = createImageDigest(size);
  const offered: Segment[] = [];
  /** What is read and digested next need not wait for what is on its way. */
  const sending: Promise<void>[] = [];
  const answerOne = async (): Promise<void> => {
    const segment = offered.shift();
    if (!segment) return;
    const runs = await missingIn(wire, segment);
    if (sending.length >= SENDING) await sending.shift();
    const sent = packer.send(runs).then(() => {
      segment.free();
    });
    sent.catch(() => undefined);
    sending.push(sent);
  };
  for await (const segment of segmentsOf(path, size, ranges, digester)) {
    if (segment.zeros > 0) await wire.send('zeros', countOf(segment.zeros));
    digest.zeros(segment.zeros);
    if (segment.digests.length === 0) continue;
    for (const each of digestsIn(segment.digests))
      if (isZeros(each)) digest.zeros(1);
      else digest.chunk(each);
    await wire.send('offer', segment.digests);
    if (offered.push(segment) >= WINDOW) await answerOne();
  }
  while (offered.length > 0) await answerOne();
  await Promise.all(sending);
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

/** What the other end has not: chunks that lie behind one another as one. */
async function missingIn(wire: Wire, { bytes, digests }: Segment): Promise<readonly Buffer[]> {
  const bits = await expected(wire, 'missing');
  const chunks = digestsIn(digests);
  if (bits.length !== Math.ceil(chunks.length / 8)) throw nonsense('an answer to another offer');
  const runs: Buffer[] = [];
  let from: number | null = null;
  for (let index = 0; index <= chunks.length; index += 1) {
    const each = chunks[index];
    const isMissing = each !== undefined && isSet(bits, index) && !isZeros(each);
    if (isMissing) from ??= index;
    else if (from !== null) {
      runs.push(bytes.subarray(from * CHUNK, index * CHUNK));
      from = null;
    }
  }
  return runs;
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
