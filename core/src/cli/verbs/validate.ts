import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { isMlnError, Problems } from '../../errors.js';
import type { Mln } from '../../kernel.js';
import { unitsOf, type Project } from '../../project.js';
import { flatProblem } from '../../render-problem.js';
import { createScripts } from '../../scripts.js';
import { decide } from '../../decide.js';
import { readChosenFile } from '../choose.js';
import { count } from '../tell.js';

/** Reads a project and makes its scripts, which finds all that is wrong with it; nothing is written. */
export async function validate(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const read = await readChosenFile(context, options);
  const project = decide(read.project, null);
  makeScripts(mln, project);
  const { hosts, switches, name } = project;
  if (options['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'Validation',
      warnings: read.warnings.map(flatProblem),
      items: [{ name, hosts: hosts.length, switches: switches.length }],
    });
  else
    terminal.note(
      `${name} is right: ${count(hosts.length, 'host')}, ${count(switches.length, 'switch')}, ${count(read.warnings.length, 'warning')}`,
    );
  return Exit.done;
}

/** Makes the scripts of all units and throws them away; throws all that is found at once. */
function makeScripts(mln: Mln, project: Project): void {
  const problems = new Problems();
  for (const unit of unitsOf(project))
    try {
      mln.hooks.emitScripts.call(unit, createScripts().scripts, project);
    } catch (error) {
      if (!isMlnError(error)) throw error;
      problems.addAll(error.problems);
    }
  problems.throwErrors();
}
