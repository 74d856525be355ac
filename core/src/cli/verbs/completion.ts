import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext } from '../../commands.js';
import { failure } from '../../errors.js';
import { nearest } from '../../values.js';
import { completedShells, completionScripts } from '../completion/scripts.js';

/** `mln completion SHELL`: prints the script that makes a shell complete command lines of mln. */
export function completion({ terminal }: CommandContext, [name = '']: readonly string[]): Promise<ExitCode> {
  const shell = completedShells.find((each) => each === name);
  if (shell === undefined) {
    const guess = nearest(name, completedShells);
    throw failure('MLN_USAGE', `there is no completion for ${name}`, {
      hint: guess === undefined ? `there is one for ${completedShells.join(', ')}` : `did you mean ${guess}?`,
    });
  }
  terminal.print(completionScripts[shell].trimEnd());
  return Promise.resolve(Exit.done);
}
