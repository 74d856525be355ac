import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { failure } from '@mln/core';

/** A zstd that runs. */
export interface Zstd {
  readonly child: ChildProcess;
  /** Waits for its end; throws what it has failed with. */
  ended(): Promise<void>;
  /** Ends it, where it still runs. */
  kill(): void;
}

/** Runs zstd(1); stdio as spawn takes it, but for stderr, which is kept. */
export function runZstd(args: readonly string[], stdin: 'pipe' | number, stdout: 'pipe' | number): Zstd {
  const child = spawn('zstd', ['-q', ...args], { stdio: [stdin, stdout, 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4096);
  });
  // Whoever writes to a zstd that has ended is told by how it ended.
  child.stdin?.on('error', () => undefined);
  const end = once(child, 'close').then(
    ([code, signal]: unknown[]) => (code === 0 ? null : failed(said, String(signal ?? code))),
    (error: unknown) => cannotRun(error),
  );
  return {
    child,
    async ended() {
      const error = await end;
      if (error) throw error;
    },
    kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    },
  };
}

function failed(said: string, how: string): Error {
  const words = said.trim().split('\n').slice(-3).join('\n') || 'it said nothing';
  return /No space left on device|Disk quota exceeded/i.test(words)
    ? failure('MLN_NO_SPACE', `the archive cannot be written: ${words}`, { hint: 'free some space and try again' })
    : failure('MLN_COMMAND_FAILED', `zstd ended with ${how}: ${words}`);
}

function cannotRun(error: unknown): Error {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? failure('MLN_NO_PROGRAM', 'the program zstd is not installed', { hint: 'on Debian: apt-get install zstd' })
    : failure('MLN_COMMAND_FAILED', 'zstd cannot be run', { cause: error });
}
