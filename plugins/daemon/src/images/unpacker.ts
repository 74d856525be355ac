import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Shell } from '@mln/core';
import type { Assembler } from './assembler.js';
import { nonsense } from './wire.js';

/** Unpacks one stream of zstd(1), and passes what comes out on. */
export interface Unpacker {
  feed(bytes: Buffer): Promise<void>;
  /** All has been passed on then. */
  end(): Promise<void>;
  close(): void;
}

/** The program is begun when the first bytes come. Null where there is none. */
export async function createUnpacker(shell: Shell, assembler: Assembler): Promise<Unpacker | null> {
  try {
    await shell('zstd', ['--version']);
  } catch {
    return null;
  }
  let running: ReturnType<typeof begin> | null = null;
  return {
    async feed(bytes) {
      running ??= begin(assembler);
      await running.write(bytes);
    },
    async end() {
      await running?.end();
    },
    close() {
      running?.child.kill();
    },
  };
}

function begin(assembler: Assembler) {
  const child = spawn('zstd', ['-q', '-d', '-c'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  let broken: Error | null = null;
  const passed = (async () => {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) await assembler.feed(bytes);
  })();
  passed.catch((error: unknown) => {
    broken = error as Error;
    child.kill();
  });
  return {
    child,
    async write(bytes: Buffer): Promise<void> {
      await new Promise<void>((resolve) => {
        child.stdin.write(bytes, () => {
          resolve();
        });
      });
      if (broken) throw broken;
    },
    async end(): Promise<void> {
      child.stdin.end();
      await passed;
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw nonsense('what is packed cannot be unpacked');
    },
  };
}
