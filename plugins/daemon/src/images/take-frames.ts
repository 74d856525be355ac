import type { FileHandle } from 'node:fs/promises';
import type { Shell } from '@mln/core';
import { createAssembler, type Assembler } from './assembler.js';
import type { Bases } from './bases.js';
import { createChunkWriter, type ChunkWriter } from './chunk-writer.js';
import { createImageDigest, digestsIn, type ImageDigest } from './digest.js';
import type { Digester } from './digester.js';
import type { Range } from './ranges.js';
import type { TakenRecord } from './receive-image.js';
import { isZeros } from './segments.js';
import type { Transferred } from './send-image.js';
import { createUnpacker } from './unpacker.js';
import { CHUNK, DIGEST, jsonIn, nonsense, type Wire } from './wire.js';

/** An image that is taken in. */
export interface Taking {
  readonly wire: Wire;
  readonly file: FileHandle;
  /** Bytes of the image; the file is as large. */
  readonly size: number;
  /** Where the file had something before. */
  readonly known: readonly Range[];
  readonly bases: Bases;
  /** Whether a base is the file itself. */
  isOwn(base: number): boolean;
  readonly digester: Digester;
  readonly record: TakenRecord | null;
  readonly shell: Shell;
}

/** How far it is. */
interface State extends Taking {
  readonly all: number;
  readonly digest: ImageDigest;
  readonly writer: ChunkWriter;
  readonly assembler: Assembler;
  /** Chunks that were told of. */
  at: number;
  reused: number;
}

/** Takes what comes behind the beginning, to its end; all of it is on the disk then, and is what was told. */
export async function takeFrames(taking: Taking): Promise<Transferred> {
  const { wire, file, size, record } = taking;
  const writer = createChunkWriter(file.fd);
  const assembler = createAssembler(writer, taking.digester, (error) => {
    wire.interrupt(error);
  });
  const state: State = {
    ...taking,
    isOwn: (base) => taking.isOwn(base),
    all: Math.ceil(size / CHUNK),
    digest: createImageDigest(size),
    writer,
    assembler,
    at: 0,
    reused: 0,
  };
  const unpacker = await createUnpacker(taking.shell, assembler);
  await wire.json('ready', { packed: unpacker !== null });
  try {
    for (;;) {
      const head = await wire.head();
      if (head.kind === 'data') {
        await wire.pour(head, assembler.feed);
        continue;
      }
      const bytes = await wire.body(head);
      switch (head.kind) {
        case 'record':
          if (!record) throw nonsense('a record where none is expected');
          await record.write(bytes);
          break;
        case 'zeros':
          await takeZeros(state, bytes);
          break;
        case 'offer':
          await answerOffer(state, bytes);
          break;
        case 'packed':
          if (!unpacker) throw nonsense('it is packed, though it cannot be unpacked');
          await unpacker.feed(bytes);
          break;
        case 'end':
          await unpacker?.end();
          if (state.at !== state.all) throw nonsense(`it ends behind ${state.at} of ${state.all} chunks`);
          await assembler.end();
          await writer.end();
          requireSame(jsonIn(bytes), state);
          return { sent: assembler.taken, reused: state.reused };
        default:
          throw nonsense(`${head.kind} is not for whoever takes it`);
      }
    }
  } finally {
    unpacker?.close();
    await assembler.settle();
    await writer.settle();
  }
}

/** Says which chunks are missing; those that are found elsewhere are written. */
async function answerOffer(state: State, bytes: Buffer): Promise<void> {
  const { wire, size, bases, writer, assembler, digest } = state;
  const count = bytes.length / DIGEST;
  if (!Number.isInteger(count) || count === 0 || state.at + count > state.all)
    throw nonsense('it has more chunks than its size');
  const digests = digestsIn(bytes).map((each) => (isZeros(each) ? null : each));
  const from = state.at * CHUNK;
  const found = await bases.find(from, digests);
  const bits = Buffer.alloc(Math.ceil(count / 8));
  for (const [index, each] of digests.entries()) {
    const at = from + index * CHUNK;
    const length = Math.min(CHUNK, size - at);
    const has = found[index];
    if (each === null) {
      digest.zeros(1);
      await zeroOut(state, { from: at, to: at + length });
      continue;
    }
    digest.chunk(each);
    if (has?.bytes.length === length) {
      state.reused += length;
      if (!state.isOwn(has.base)) await writer.put(at, [has.bytes]);
    } else {
      assembler.expect({ at, length, digest: Buffer.from(each) });
      bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    }
  }
  state.at += count;
  await wire.send('missing', bits);
}

async function takeZeros(state: State, bytes: Buffer): Promise<void> {
  const count = bytes.length === 8 ? bytes.readBigUInt64BE() : 0n;
  if (count === 0n || count > BigInt(state.all - state.at)) throw nonsense('it has more zeros than its size');
  state.digest.zeros(Number(count));
  const from = state.at * CHUNK;
  state.at += Number(count);
  await zeroOut(state, { from, to: Math.min(state.size, state.at * CHUNK) });
}

const ZEROS = Buffer.alloc(CHUNK);

/** What an earlier transfer has left where there are zeros now is written over. */
async function zeroOut({ file, known, writer }: State, { from, to }: Range): Promise<void> {
  for (const range of known) {
    const end = Math.min(to, range.to);
    for (let at = Math.max(from, range.from); at < end; at += CHUNK) {
      const length = Math.min(CHUNK, end - at);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
      if (bytesRead < length || !isZeros(buffer)) await writer.put(at, [ZEROS.subarray(0, length)]);
    }
  }
}

function requireSame(end: Readonly<Record<string, unknown>>, { digest, record }: State): void {
  if (end['digest'] !== digest.end()) throw nonsense('it has another digest than was told');
  if (end['record'] !== (record ? record.digest() : null)) throw nonsense('the record has another SHA-256');
}
