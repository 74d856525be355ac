import { createHash, type Hash } from 'node:crypto';
import type { ChunkWriter } from './chunk-writer.js';
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
  feed(piece: Buffer): Promise<void> | null;
  /** Throws where a chunk is still missing. */
  end(): void;
}

export function createAssembler(writer: ChunkWriter): Assembler {
  const expected: Expected[] = [];
  let pieces: Buffer[] = [];
  let length = 0;
  let hash: Hash | null = null;
  let taken = 0;
  return {
    get taken() {
      return taken;
    },
    expect(chunk) {
      expected.push(chunk);
    },
    feed(piece) {
      let room: Promise<void> | null = null;
      for (let rest = piece; rest.length > 0;) {
        const [chunk] = expected;
        if (!chunk) throw nonsense('bytes that nobody asked for');
        const part = rest.subarray(0, chunk.length - length);
        rest = rest.subarray(part.length);
        hash ??= createHash('sha256');
        hash.update(part);
        pieces.push(part);
        length += part.length;
        if (length < chunk.length) break;
        if (!hash.digest().equals(chunk.digest)) throw nonsense(`the bytes from ${chunk.at} on have another SHA-256`);
        const whole = pieces;
        [pieces, length, hash] = [[], 0, null];
        expected.shift();
        taken += chunk.length;
        room = writer.put(chunk.at, whole) ?? room;
      }
      return room;
    },
    end() {
      if (expected.length > 0) throw nonsense(`${expected.length} chunks are missing`);
    },
  };
}
