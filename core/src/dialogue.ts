import { loadExeca, searchPath } from './shell.js';

/** A program that answers line by line. */
export interface Dialogue {
  /** Sends a line and gives what is printed until the next prompt; lines wait for each other. */
  readonly ask: (line: string) => Promise<string>;
  readonly end: () => void;
}

/**
 * Begins to talk with a program that prints a prompt when it waits for a line. It ends with mln, and does not keep mln
 * from ending. What it complains of on stderr is not heard.
 */
export type Talk = (program: string, args: readonly string[], prompt: string) => Promise<Dialogue>;

export const talk: Talk = async (program, args, prompt) => {
  const execa = await loadExeca();
  const child = execa(program, args, {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    buffer: false,
    reject: false,
    cleanup: false,
    env: { LC_ALL: 'C', PATH: searchPath() },
  });
  const handles = [child, child.stdin, child.stdout] as unknown as { ref(): void; unref(): void }[];
  const hold = (held: boolean): void => {
    for (const each of handles) {
      if (held) each.ref();
      else each.unref();
    }
  };
  const chunks: Buffer[] = [];
  let heard: (() => void) | null = null;
  let over = false;
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    heard?.();
  });
  child.stdin.on('error', () => undefined);
  void child.then(() => {
    over = true;
    heard?.();
  });

  /** What was printed before the prompt, which stands at the beginning of a line or behind what has no line end. */
  const answer = async (): Promise<string> => {
    hold(true);
    try {
      for (;;) {
        const text = Buffer.concat(chunks).toString();
        if (over || text === prompt || text.endsWith(`\n${prompt}`)) {
          chunks.length = 0;
          return text.slice(0, text.length - (text.endsWith(prompt) ? prompt.length : 0));
        }
        await new Promise<void>((resolve) => (heard = resolve));
      }
    } finally {
      hold(false);
    }
  };

  let last: Promise<string> = answer();
  return {
    ask(line) {
      last = last.then(() => {
        if (!over) child.stdin.write(`${line}\n`);
        return answer();
      });
      return last;
    },
    end: () => child.stdin.end(),
  };
};
