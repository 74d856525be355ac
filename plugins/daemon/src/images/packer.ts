import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { failure, type Shell } from '@mln/core';
import type { Wire } from './wire.js';

/** Sends the chunks that are missing, packed where that is quicker. */
export interface Packer {
  /** Resolves once the bytes are no longer needed. */
  send(chunks: readonly Buffer[]): Promise<void>;
  /** Sends what is left. */
  end(): Promise<void>;
  close(): void;
}

/** Bytes that go as they are, for the speed of the connection to be known. */
const TRIAL = 8 * 1024 * 1024;
/** Bytes a second: what zstd -1 takes in on one processor. A faster connection would wait for it. */
const FAST = 150e6;
/** What is not made smaller than so much of itself is not worth the work. */
const WORTH = 0.85;
/** Bytes of one frame. */
const FRAME = 1024 * 1024;

/**
 * The first bytes go as they are. Where the connection turned out slower than zstd(1), and their content one that can be
 * packed, all the rest goes through one zstd; where the other end has none (null), nothing does.
 */
export function createPacker(wire: Wire, shell: Shell | null): Packer {
  let sent = 0;
  let waited = 0;
  let sample = 0;
  let sampled = 0;
  let zstd: Promise<Zstd | null> | null = null;
  const plain = async (chunks: readonly Buffer[]): Promise<void> => {
    const begun = performance.now();
    for (const frame of framesOf(chunks)) await wire.sent('data', ...frame);
    waited += performance.now() - begun;
    sent += chunks.reduce((sum, { length }) => sum + length, 0);
    const [first] = chunks;
    if (sent < TRIAL && first) {
      sampled += first.length;
      sample += deflateRawSync(first, { level: 1 }).length;
    }
  };
  const isWorth = (): boolean =>
    sent >= TRIAL && sent / (waited / 1000) < FAST && sampled > 0 && sample < WORTH * sampled;
  return {
    async send(chunks) {
      if (shell) zstd ??= isWorth() ? begin(wire, shell) : null;
      const packing = await zstd;
      if (packing) await packing.write(chunks);
      else await plain(chunks);
    },
    async end() {
      await (await zstd)?.end();
    },
    close() {
      void zstd?.then((each) => each?.kill());
    },
  };
}

/** Chunks that lie behind one another go as one. */
function framesOf(chunks: readonly Buffer[]): Buffer[][] {
  const frames: Buffer[][] = [];
  let length = FRAME;
  for (const chunk of chunks) {
    if (length + chunk.length > FRAME) {
      frames.push([]);
      length = 0;
    }
    length += chunk.length;
    const frame = frames.at(-1) ?? [];
    const last = frame.at(-1);
    if (last?.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset)
      frame[frame.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + chunk.length);
    else frame.push(chunk);
  }
  return frames;
}

interface Zstd {
  write(chunks: readonly Buffer[]): Promise<void>;
  end(): Promise<void>;
  kill(): void;
}

/** Null where there is no zstd here. */
async function begin(wire: Wire, shell: Shell): Promise<Zstd | null> {
  try {
    await shell('zstd', ['--version']);
  } catch {
    return null;
  }
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn('zstd', ['-q', '-1', '-c'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  let broken: unknown;
  const passed = (async () => {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) await wire.send('packed', bytes);
  })();
  passed.catch((error: unknown) => {
    broken = error;
    child.kill();
  });
  return {
    async write(chunks) {
      for (const chunk of chunks) {
        await new Promise<void>((resolve) => {
          child.stdin.write(chunk, () => {
            resolve();
          });
        });
        if (broken !== undefined) throw broken as Error;
      }
    },
    async end() {
      child.stdin.end();
      await passed;
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw failure('MLN_COMMAND_FAILED', `zstd has ended with ${code ?? 'a signal'}`);
    },
    kill() {
      child.kill();
    },
  };
}
