import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { CommandContext, CommandOptions } from '../commands.js';
import { failure } from '../errors.js';
import { textOfBytes } from '../include.js';
import { readProject, type ReadProject } from '../read-project.js';
import { isHere, serverOf } from '../servers.js';
import { listProjects, requireState } from '../state.js';
import { readAssignments } from './assignments.js';
import type { Project } from '../project.js';

/** Gives an option's text. */
export function textOption(options: CommandOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** Gives the texts of an option that may be repeated. */
export function textsOption(options: CommandOptions, name: string): readonly string[] {
  return [options[name]].flat().filter((value) => typeof value === 'string');
}

/** Reads an option as a number of seconds. */
export function secondsOption(options: CommandOptions, name: string, flag: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw failure('MLN_USAGE', `${flag} takes a number of seconds, not ${text}`);
  return Number(text);
}

/** Reads a list that is separated by commas. */
export function listOption(options: CommandOptions, name: string): readonly string[] | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const names = text.split(',').filter((each) => each !== '');
  if (names.length === 0) throw failure('MLN_USAGE', `--${name} names nothing`);
  return names;
}

/** Names the project file that -f names: a file, standard input, or the only *.mln of the folder. */
export function chosenFile(options: CommandOptions): { readonly file: string; readonly text?: string } {
  const file = textOption(options, 'file') ?? onlyProjectFile();
  return file === '-' ? { file, text: textOfBytes(readFileSync(0), file) } : { file };
}

/** Reads the project file that -f names, and tells of what is doubtful in it. */
export async function readChosenFile({ mln, terminal }: CommandContext, options: CommandOptions): Promise<ReadProject> {
  const { file, text } = chosenFile(options);
  const template = textOption(options, 'template');
  if (template !== undefined && options['rehearse'] !== true)
    throw failure('MLN_USAGE', '--template goes with --rehearse', {
      hint: 'what the project itself is made from its file says: template NAME',
    });
  const read = await readProject(mln, file, {
    set: readAssignments(textsOption(options, 'set')),
    options,
    rehearse: options['rehearse'] === true,
    strict: options['strict'] === true,
    ...(template === undefined ? {} : { template }),
    ...(text === undefined ? {} : { text }),
  });
  if (read.warnings.length > 0 && options['json'] !== true) {
    const { renderProblem } = await import('../render-problem.js');
    const { createSourceLines } = await import('../source-lines.js');
    const lineOf = createSourceLines(mln);
    for (const warning of read.warnings) terminal.note(renderProblem(warning, lineOf));
  }
  return read;
}

function onlyProjectFile(): string {
  const found = projectFilesHere();
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const why =
    found.length === 0 ? 'there is no *.mln in this folder' : `there are several in this folder: ${found.join(', ')}`;
  throw failure('MLN_USAGE', `which project file? ${why}`, { hint: 'name it with -f' });
}

/** The names of the built projects that -p, -a or an argument choose; without any, that of the only *.mln here. */
export async function chosenNames(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<readonly string[]> {
  if (options['all'] === true) return listProjects(context.mln.folders.projects);
  const name = textOption(options, 'project') ?? args[0];
  if (name !== undefined) return [name];
  if (projectFilesHere().length > 0) return [(await readChosenFile(context, {})).project.name];
  throw failure('MLN_USAGE', 'which project?', { hint: 'name it with -p, or say -a for all' });
}

/** Finds a host by HOST.PROJECT, by HOST and -p, or by HOST alone where only one project has it. */
export async function chosenHost(
  { mln }: CommandContext,
  name: string,
  options: CommandOptions,
): Promise<{ project: Project; host: string }> {
  const { projects } = mln.folders;
  const inProject = textOption(options, 'project');
  const names = inProject === undefined ? await listProjects(projects) : [inProject];
  const found: { project: Project; host: string }[] = [];
  for (const each of names) {
    const { project } = await requireState(projects, each);
    const host = name.endsWith(`.${each}`) ? name.slice(0, -each.length - 1) : name;
    if (project.hosts.some((other) => other.name === host)) found.push({ project, host });
  }
  const [only] = found;
  if (only && found.length === 1) return only;
  const where = found.map(({ project }) => project.name).join(', ');
  throw failure(
    'MLN_NO_UNIT',
    only ? `several projects have a host ${name}: ${where}` : `no project has a host ${name}`,
    { hint: only ? 'choose one with -p' : 'mln status shows the hosts' },
  );
}

/** As chosenHost; throws where the host is on another server. */
export async function chosenHostHere(
  context: CommandContext,
  name: string,
  options: CommandOptions,
): Promise<{ project: Project; host: string }> {
  const chosen = await chosenHost(context, name, options);
  const { project, host } = chosen;
  const unit = project.hosts.find((each) => each.name === host);
  if (!unit || isHere(context.mln, unit, project)) return chosen;
  const server = serverOf(unit, project) ?? '';
  throw failure('MLN_NO_SERVER', `${host}.${project.name} is on ${server}`, {
    hint: `give this command there: on ${server}`,
  });
}

/** The project files of the working folder. */
function projectFilesHere(): readonly string[] {
  return readdirSync('.').filter(
    (name) => name.endsWith('.mln') && statSync(name, { throwIfNoEntry: false })?.isFile(),
  );
}
