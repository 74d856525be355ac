import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A shell on a terminal of its own, and who types there. */
export interface Typist {
  type(keys: string): void;
  /** Waits until the shell has shown a text; gives all that it has shown since the last such text. */
  until(text: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts a program on a pseudo-terminal that script(1) makes. */
export function typeInto(command: string, cwd: string, env: NodeJS.ProcessEnv): Typist {
  const shell = spawn('script', ['-qec', command, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let heard = (): void => undefined;
  let awaited: string | null = null;
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    heard();
  });
  shell.stdin.on('error', () => undefined);
  const ended = once(shell, 'close');
  return {
    type: (keys) => {
      shell.stdin.write(keys);
    },
    async until(text) {
      if (awaited !== null) throw new Error(`the shell has not shown ${awaited} yet: ${shown}`);
      awaited = text;
      while (!shown.includes(text))
        await new Promise<void>((resolve, reject) => {
          heard = resolve;
          void ended.then(() => {
            reject(new Error(`the shell has ended, and never showed ${text}: ${shown}`));
          });
        });
      awaited = null;
      const end = shown.indexOf(text) + text.length;
      const before = shown.slice(0, end);
      shown = shown.slice(end);
      return before;
    },
    async close() {
      // Whatever is typed by then is taken away.
      shell.stdin.end('\u0003\u0015exit\n');
      if (awaited !== null) shell.kill();
      await ended;
    },
  };
}
