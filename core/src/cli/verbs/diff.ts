import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { diffProjects } from '../../diff.js';
import { failure, isMlnError, MlnError, type Problem } from '../../errors.js';
import type { ReadProject } from '../../read-project.js';
import { flatProblem } from '../../render-problem.js';
import { renderDifferences } from '../../render-diff.js';
import { secretWords } from '../../secrets.js';
import { readChosenFile } from '../choose.js';

/** Shows what differs between two project files, as they come out: after inheritance, variables and plug-ins. */
export async function diff(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [oldFile = '', newFile = ''] = args;
  if (oldFile === '-' && newFile === '-')
    throw failure('MLN_USAGE', 'standard input can be one of the two files, not both');
  const [old, fresh] = await readBoth(context, [oldFile, newFile], options);
  const { keywords } = context.mln;
  const hidden = secretWords([...old.views.values(), ...fresh.views.values()], keywords);
  const differences = diffProjects(old.project, fresh.project, keywords, hidden);
  if (options['json'] === true) {
    const warnings = [...old.warnings, ...fresh.warnings].map(flatProblem);
    context.terminal.json({ apiVersion: 'mln/v1', kind: 'Diff', warnings, items: differences });
  } else if (differences.length > 0) context.terminal.print(renderDifferences(differences));
  else context.terminal.note('no difference');
  return Exit.done;
}

/** Reads both files, one after the other, and throws all that is wrong with either. */
async function readBoth(
  context: CommandContext,
  files: readonly [string, string],
  options: CommandOptions,
): Promise<readonly [ReadProject, ReadProject]> {
  const problems: Problem[] = [];
  const read = async (file: string): Promise<ReadProject | null> => {
    try {
      return await readChosenFile(context, { ...options, file });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      problems.push(...error.problems.map((problem) => withFile(problem, file)));
      return null;
    }
  };
  const [old, fresh] = [await read(files[0]), await read(files[1])];
  if (!old || !fresh) throw new MlnError(problems);
  return [old, fresh];
}

/** A problem that stands at no line says at least which file it is of. */
function withFile(problem: Problem, file: string): Problem {
  return problem.place || problem.message.includes(file)
    ? problem
    : { ...problem, message: `${file}: ${problem.message}` };
}
