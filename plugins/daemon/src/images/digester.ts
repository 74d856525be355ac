import { types } from 'node:util';
import { Worker } from 'node:worker_threads';
import { failure, messageOf } from '@mln/core';
import { CHUNK, DIGEST } from './wire.js';

/** Digests chunks in a thread of its own, while this one reads, sends and writes. */
export interface Digester {
  /**
   * Digests the chunks of some bytes, without a copy. Their buffer has nothing else; one that is shared must stay as it is
   * meanwhile, any other is lent to the thread: it is empty here until it comes back with what is given.
   */
  digest(bytes: Buffer): Promise<Digested>;
  close(): void;
}

export interface Digested {
  readonly bytes: Buffer;
  /** The SHA-256 of each chunk, one behind the other, as they are offered: 32 zero bytes for a chunk of zeros. */
  readonly digests: Buffer;
}

/** What the thread does. It needs nothing but Node, and so is no file that would have to be found. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { parentPort, workerData } = require('node:worker_threads');
const { chunk, digest } = workerData;
const zeros = Buffer.alloc(chunk);
parentPort.on('message', ({ buffer, byteOffset, byteLength }) => {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const digests = new Uint8Array(Math.ceil(byteLength / chunk) * digest);
  for (let at = 0; at * chunk < byteLength; at += 1) {
    const each = bytes.subarray(at * chunk, (at + 1) * chunk);
    if (each[0] === 0 && each.equals(zeros.subarray(0, each.length))) continue;
    digests.set(createHash('sha256').update(each).digest(), at * digest);
  }
  parentPort.postMessage({ buffer, digests }, buffer instanceof ArrayBuffer ? [buffer] : []);
});`;

interface Answer {
  readonly buffer: ArrayBufferLike;
  readonly digests: Uint8Array<ArrayBuffer>;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export function createDigester(): Digester {
  const workerData = { chunk: CHUNK, digest: DIGEST };
  const worker = new Worker(PROGRAM, { eval: true, execArgv: [], workerData });
  /** Answers come in the order of what was asked. */
  const waiting: Waiting[] = [];
  let broken: unknown;
  const end = (why: string): void => {
    broken ??= failure('MLN_FAULT', `the thread that digests an image has ended: ${why}`);
    for (const each of waiting.splice(0)) each.reject(broken);
  };
  worker.unref();
  worker.on('message', (answer: Answer) => waiting.shift()?.resolve(answer));
  worker.on('error', (error) => {
    end(messageOf(error));
  });
  worker.on('exit', () => {
    end('it was closed');
  });
  return {
    async digest({ buffer, byteOffset, byteLength }) {
      if (broken !== undefined) throw broken as Error;
      const answer = await new Promise<Answer>((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage({ buffer, byteOffset, byteLength }, types.isSharedArrayBuffer(buffer) ? [] : [buffer]);
      });
      return { bytes: Buffer.from(answer.buffer, byteOffset, byteLength), digests: Buffer.from(answer.digests.buffer) };
    },
    close() {
      void worker.terminate();
    },
  };
}
