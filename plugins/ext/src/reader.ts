import type { Dialogue, Shell, Talk } from '@mln/core';
import { debugfs, last, textOf, type DebugfsResult } from './debugfs.js';

/** Asks an image questions, line by line as debugfs(8) takes them. */
export interface Reader {
  /**
   * Gives what is printed for these lines. Where that is not an answer, a debugfs of its own is asked once more: only
   * then is it known what it complains of.
   */
  ask(lines: readonly string[], isAnswer: (stdout: string) => boolean): Promise<DebugfsResult>;
  /** Forgets what was read: the image has changed. */
  close(): void;
}

/** One debugfs answers all questions: a template is asked some twenty before the first guest is planned. */
export function createReader(image: string, shell: Shell, talk: Talk): Reader {
  let dialogue: Promise<Dialogue> | null = null;
  return {
    async ask(lines, isAnswer) {
      dialogue ??= talk('debugfs', ['-f', '-', image], last.printed);
      const { ask } = await dialogue;
      const stdout = await ask(textOf([...lines, last.line]).trimEnd());
      return isAnswer(stdout) ? { stdout, complaints: [] } : debugfs(shell, image, lines);
    },
    close() {
      void dialogue?.then(({ end }) => {
        end();
      });
      dialogue = null;
    },
  };
}
