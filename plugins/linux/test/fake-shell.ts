import type { Shell, ShellResult } from '@mln/core';

export interface Answer extends Partial<ShellResult> {
  readonly match: RegExp;
}

/** A shell that knows answers by what is asked of it; everything else fails. What was asked is kept. */
export function fakeShell(...answers: readonly Answer[]): Shell & { asked: string[]; inputs: (string | undefined)[] } {
  const asked: string[] = [];
  const inputs: (string | undefined)[] = [];
  const shell: Shell = (program, args, options = {}) => {
    const words = [program, ...args].join(' ');
    asked.push(words);
    inputs.push(options.input);
    const found = answers.find(({ match }) => match.test(words));
    const { exitCode = found ? 0 : 1, stdout = '', stderr = '' } = found ?? {};
    for (const line of stderr.split('\n').filter((each) => each !== '')) options.heard?.(line);
    if (!(options.accept ?? [0]).includes(exitCode))
      return Promise.reject(new Error(`${program} ended with ${exitCode}: ${stderr || 'no such program'}`));
    return Promise.resolve({ exitCode, stdout, stderr });
  };
  return Object.assign(shell, { asked, inputs });
}

/** Whether mmdebstrap, namespaces, and the programs that pretend are there. */
export const there: Answer = { match: /^mmdebstrap --version/ };
export const namespaces: Answer = { match: /^setpriv .*unshare/ };
export const fakes: Answer = { match: /^fake(ch)?root --version/ };
export const newuidmap: Answer = { match: /newuidmap/ };
