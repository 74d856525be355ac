import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { decide } from '../../decide.js';
import { diffProjects } from '../../diff.js';
import { failure, isMlnError, MlnError, type Problem } from '../../errors.js';
import type { Project } from '../../project.js';
import type { ReadProject } from '../../read-project.js';
import { flatProblem } from '../../render-problem.js';
import { renderDifferences } from '../../render-diff.js';
import { secretWords } from '../../secrets.js';
import { requireState } from '../../state.js';
import { readVersion } from '../../upgrade/history.js';
import { chosenNames, readChosenFile, textOption } from '../choose.js';

/** One of the two that are compared. */
interface Side {
  readonly project: Project;
  /** Null: a version of a project that is built. */
  readonly read: ReadProject | null;
}

/**
 * Shows what differs between two project files, as they come out: after inheritance, variables and plug-ins. `@N` is a
 * version of a project that is built; alone it is compared with the present one.
 */
export async function diff(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [old, fresh] = await readBoth(context, args, options);
  const { keywords } = context.mln;
  const reads = [old, fresh].flatMap(({ read }) => read ?? []);
  const views = reads.flatMap((read) => [...read.views.values()]);
  const [before, now] = [decidedBeside(old, fresh), decidedBeside(fresh, old)];
  const differences = diffProjects(before, now, keywords, secretWords(views, keywords));
  if (options['json'] === true) {
    const warnings = reads.flatMap((read) => read.warnings).map(flatProblem);
    context.terminal.json({ apiVersion: 'mln/v1', kind: 'Diff', warnings, items: differences });
  } else if (differences.length > 0) context.terminal.print(renderDifferences(differences));
  else context.terminal.note('no difference');
  return Exit.done;
}

/** What a build chooses is no difference between a file and what was built. */
function decidedBeside({ project, read }: Side, other: Side): Project {
  return read && !other.read ? decide(project, other.project) : project;
}

/** Reads both, one after the other, and throws all that is wrong with either. */
async function readBoth(
  context: CommandContext,
  words: readonly string[],
  options: CommandOptions,
): Promise<readonly [Side, Side]> {
  const [first = '', second] = words;
  if (second === undefined && !isVersion(first))
    throw failure('MLN_USAGE', `with what is ${first} to be compared?`, {
      hint: 'name a second file, or a version of a project that is built: mln diff -p NAME @1',
    });
  if (first === '-' && second === '-')
    throw failure('MLN_USAGE', 'standard input can be one of the two files, not both');
  const problems: Problem[] = [];
  const read = async (word: string | undefined): Promise<ReadProject | null> => {
    if (word === undefined || isVersion(word)) return null;
    try {
      return await readChosenFile(context, { ...options, file: word });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      problems.push(...error.problems.map((problem) => withFile(problem, word)));
      return null;
    }
  };
  const files = [await read(first), await read(second)];
  if (problems.length > 0) throw new MlnError(problems);
  const name = textOption(options, 'project') ?? files.find((file) => file !== null)?.project.name;
  const sideOf = async (word: string | undefined, file: ReadProject | null | undefined): Promise<Side> =>
    file ? { project: file.project, read: file } : { project: await versionOf(context, word, name), read: null };
  return [await sideOf(first, files[0]), await sideOf(second, files[1])];
}

/** `@3`; a file of such a name is called ./@3. */
function isVersion(word: string): boolean {
  return word.startsWith('@');
}

/** A version of a project that is built; without a word the present one. */
async function versionOf(
  context: CommandContext,
  word: string | undefined,
  project: string | undefined,
): Promise<Project> {
  const [name = ''] = await chosenNames(context, [], { project });
  const present = await requireState(context.mln.folders.projects, name);
  if (word === undefined) return present.project;
  if (!/^@[1-9]\d{0,14}$/.test(word))
    throw failure('MLN_USAGE', `${word} is no version`, {
      hint: `@ and a number, as mln history -p ${name} shows them; a file of that name is ./${word}`,
    });
  return (await readVersion(present.project.directory, Number(word.slice(1)))).state.project;
}

/** A problem that stands at no line says at least which file it is of. */
function withFile(problem: Problem, file: string): Problem {
  return problem.place || problem.message.includes(file)
    ? problem
    : { ...problem, message: `${file}: ${problem.message}` };
}
