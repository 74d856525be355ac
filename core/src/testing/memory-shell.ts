import { basename, dirname } from 'node:path';
import { failure } from '../errors.js';
import { unitsOf } from '../project.js';
import { commandFailed, type Shell } from '../shell.js';
import { MEMORY, type Machine } from './memory-hypervisor.js';

const nothing = { exitCode: 0, stdout: '', stderr: '' };

/**
 * Starts and stops units in memory where their scripts are called. All other programs are the author's to answer for: the
 * project's own commands do nothing where he does not, and any other is an error that names it.
 */
export function memoryShell(machine: Machine, other: Shell | undefined): Shell {
  return async (program, args, options) => {
    const { operation, up } = machine;
    const ours = operation !== null && program.startsWith(`${operation.directory}/`);
    const name = basename(dirname(program));
    const unit = ours ? unitsOf(operation.project).find((each) => each.name === name) : undefined;
    if (unit?.hypervisor === MEMORY) {
      if (basename(program) === 'stop') up.delete(name);
      else if (operation?.failing.includes(name))
        throw commandFailed(program, args, { ...nothing, exitCode: 1, stderr: `${name} was to fail` });
      else up.add(name);
      return nothing;
    }
    if (other) return other(program, args, options);
    if (ours && !unit) return nothing;
    throw failure('MLN_NO_PROGRAM', `${[program, ...args].join(' ')} is not run in a trial`, {
      hint: 'answer for it by the option shell of tryPlugin',
    });
  };
}
