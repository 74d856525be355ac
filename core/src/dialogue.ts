import { spawn } from 'node:child_process';
import { searchPath } from './shell.js';

/** A program that answers line by line. */
export interface Dialogue {
  /** Sends a line, or several, and gives what is printed until the next prompt; what is asked waits for what was asked before. */
  readonly ask: (lines: string) => Promise<string>;
  readonly end: () => void;
}

/**
 * Begins to talk with a program that reads lines from its input, and by `prompt` is known to have done the last of what it
 * was asked: a text at the beginning of a line, of what it prints or (`hear`) of what it complains of; the other is not
 * heard. It ends with mln, and does not keep mln from ending.
 */
export type Talk = (
  program: string,
  args: readonly string[],
  prompt: string,
  hear?: 'stdout' | 'stderr',
) => Promise<Dialogue>;

export const talk: Talk = (program, args, prompt, hear = 'stdout') => {
  // Without execa: it would have nothing to do, and takes longer to load than debugfs to answer.
  const child = spawn(program, args, {
    stdio: ['pipe', hear === 'stdout' ? 'pipe' : 'ignore', hear === 'stderr' ? 'pipe' : 'ignore'],
    env: { ...process.env, LC_ALL: 'C', PATH: searchPath() },
  });
  const heard = hear === 'stdout' ? child.stdout : child.stderr;
  const { stdin } = child;
  if (!heard || !stdin) return Promise.reject(new TypeError(`${program} has no ${hear}`));
  const handles = [child, stdin, heard] as unknown as { ref(): void; unref(): void }[];
  const hold = (held: boolean): void => {
    for (const each of handles) {
      if (held) each.ref();
      else each.unref();
    }
  };
  const chunks: Buffer[] = [];
  let wake: (() => void) | null = null;
  let over = false;
  heard.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    wake?.();
  });
  stdin.on('error', () => undefined);
  for (const end of ['error', 'close'])
    child.on(end, () => {
      over = true;
      wake?.();
    });

  /** What came before the prompt. */
  const answer = async (): Promise<string> => {
    hold(true);
    try {
      for (;;) {
        const text = Buffer.concat(chunks).toString();
        if (over || text === prompt || text.endsWith(`\n${prompt}`)) {
          chunks.length = 0;
          return text.slice(0, text.length - (text.endsWith(prompt) ? prompt.length : 0));
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      hold(false);
    }
  };

  let last: Promise<string> = Promise.resolve('');
  return Promise.resolve({
    ask(lines) {
      last = last.then(() => {
        if (!over) stdin.write(`${lines}\n`);
        return answer();
      });
      return last;
    },
    end: () => stdin.end(),
  });
};
