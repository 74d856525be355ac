import type { ChunkWriter } from './chunk-writer.js';
import type { Digester } from './digester.js';
import { nonsense } from './wire.js';

/** A chunk that was asked for. */
interface Expected {
  readonly at: number;
  readonly length: number;
  readonly digest: Buffer;
}

/** Makes chunks of the bytes that come; each is digested, and only then written. */
export interface Assembler {
  /** Bytes of chunks that were taken. */
  readonly taken: number;
  expect(chunk: Expected): void;
  /** Null: there is room for more. */
  readonly feed: (piece: Buffer) => Promise<void> | null;
  /** Waits until all is written. Throws where a chunk is still missing. */
  end(): Promise<void>;
  /** Waits until nothing is digested or written any more, whatever came of it. */
  settle(): Promise<void>;
}

/** Bytes of chunks that are digested and written at once. */
const RUN = 2 * 1024 * 1024;
/** How many of those may be in memory. */
const RUNS = 8;

/** Chunks that lie behind one another. */
interface Run {
  readonly at: number;
  readonly bytes: Buffer;
  readonly digests: Buffer;
  /** How much of it has come. */
  filled: number;
}

/** Fail is told what goes wrong with bytes that were taken before. */
export function createAssembler(writer: ChunkWriter, digester: Digester, fail: (error: unknown) => void): Assembler {
  const expected: Expected[] = [];
  const spare: ArrayBufferLike[] = [];
  const underWay = new Set<Promise<void>>();
  let run: Run | null = null;
  let taken = 0;
  let broken: { readonly error: unknown } | null = null;

  const begin = (): Run => {
    const chunks: Expected[] = [];
    const [first] = expected;
    if (!first) throw nonsense('bytes that nobody asked for');
    let length = 0;
    for (let next: Expected | undefined = first; next?.at === first.at + length && length + next.length <= RUN;) {
      chunks.push(next);
      length += next.length;
      next = expected[chunks.length];
    }
    expected.splice(0, chunks.length);
    const buffer = spare.pop() ?? new ArrayBuffer(RUN);
    const digests = Buffer.concat(chunks.map(({ digest }) => digest));
    return { at: first.at, bytes: Buffer.from(buffer, 0, length), digests, filled: 0 };
  };
  const finish = async (run: Run): Promise<void> => {
    const { bytes, digests } = await digester.digest(run.bytes);
    if (!digests.equals(run.digests))
      throw nonsense(`some of the ${bytes.length} bytes from ${run.at} on have another SHA-256`);
    if (broken) return;
    await writer.write(run.at, bytes);
    taken += bytes.length;
    spare.push(bytes.buffer);
  };
  const start = (whole: Run): void => {
    const mine: Promise<void> = finish(whole)
      .catch((error: unknown) => {
        broken ??= { error };
        fail(error);
      })
      .finally(() => underWay.delete(mine));
    underWay.add(mine);
  };
  const settle = async (): Promise<void> => {
    await Promise.all(underWay);
  };
  return {
    get taken() {
      return taken;
    },
    expect(chunk) {
      expected.push(chunk);
    },
    feed(piece) {
      if (broken) throw broken.error;
      for (let at = 0; at < piece.length;) {
        run ??= begin();
        const count = piece.copy(run.bytes, run.filled, at);
        at += count;
        run.filled += count;
        if (run.filled < run.bytes.length) break;
        start(run);
        run = null;
      }
      return underWay.size < RUNS ? null : Promise.race(underWay);
    },
    async end() {
      if (run || expected.length > 0) throw nonsense(`${expected.length + (run ? 1 : 0)} chunks are missing`);
      await settle();
      if (broken) throw broken.error;
    },
    settle,
  };
}
