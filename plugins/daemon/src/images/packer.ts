import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { failure, type Shell } from '@mln/core';
import type { Wire } from './wire.js';

/** Sends the chunks that are missing, packed where that is quicker. */
export interface Packer {
  /**
   * Sends runs of chunks, behind those of calls before that may still be under way; resolves once the bytes are no longer
   * needed. A few bytes before each run are written over: they are those of a chunk that is not sent, or nobody's.
   */
  send(runs: readonly Buffer[]): Promise<void>;
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
/** Bytes that are packed by way of trial. */
const SAMPLE = 64 * 1024;

/**
 * The first bytes go as they are. Where the connection turned out slower than zstd(1), and their content one that can be
 * packed, all the rest goes through one zstd; where the other end has none (null), nothing does.
 */
export function createPacker(wire: Wire, shell: Shell | null): Packer {
  let sent = 0;
  /** Milliseconds in which something was on its way, and when that was so the last time. */
  let waited = 0;
  let last = 0;
  let sample = 0;
  let sampled = 0;
  let zstd: Promise<Zstd | null> | null = null;
  const plain = async (runs: readonly Buffer[]): Promise<void> => {
    const begun = performance.now();
    const frames = runs.map((run) => wire.sentInPlace('data', run));
    const [first] = runs;
    if (shell && first && sent < TRIAL) {
      const part = first.subarray(0, SAMPLE);
      sampled += part.length;
      sample += deflateRawSync(part, { level: 1 }).length;
    }
    await Promise.all(frames);
    const now = performance.now();
    waited += now - Math.max(begun, last);
    last = now;
    sent += runs.reduce((sum, { length }) => sum + length, 0);
  };
  const isWorth = (): boolean =>
    sent >= TRIAL && sent / (waited / 1000) < FAST && sampled > 0 && sample < WORTH * sampled;
  return {
    async send(runs) {
      if (runs.length === 0) return;
      if (shell) zstd ??= isWorth() ? begin(wire, shell) : null;
      const packing = await zstd;
      await (packing ? packing.write(runs) : plain(runs));
    },
    async end() {
      await (await zstd)?.end();
    },
    close() {
      void zstd?.then((each) => each?.kill());
    },
  };
}

interface Zstd {
  write(runs: readonly Buffer[]): Promise<void>;
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
    async write(runs) {
      const written = runs.map(
        (run) =>
          new Promise<void>((resolve) => {
            child.stdin.write(run, () => {
              resolve();
            });
          }),
      );
      await Promise.all(written);
      if (broken !== undefined) throw broken as Error;
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
