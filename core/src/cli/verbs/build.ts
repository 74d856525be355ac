import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { decide } from '../../decide.js';
import { failure, MlnError } from '../../errors.js';
import type { Mln } from '../../kernel.js';
import { runningUnits, statusesOf } from '../../monitor.js';
import { operate, type OperateOptions } from '../../operate.js';
import type { Project, Unit } from '../../project.js';
import type { ReadProject } from '../../read-project.js';
import { flatProblem } from '../../render-problem.js';
import { requireStores } from '../../remove.js';
import { lossOfMemory, refuseSaved } from '../../saved.js';
import { isHere } from '../../servers.js';
import { readState, type State } from '../../state.js';
import { unknownInUse } from '../../unknown-in-use.js';
import { readChosenFile } from '../choose.js';
import { withProject } from '../guarded.js';
import { showPlan } from '../show-plan.js';
import { count, tellFailures } from '../tell.js';

export async function build(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const read = await readChosenFile(context, options);
  if (options['dryRun'] === true) return showPlan(context, read, [], options);
  refuseUnknown(read, options);
  return buildProject(context, read, options);
}

/** Builds a project that was read. */
export async function buildProject(
  context: CommandContext,
  read: Pick<ReadProject, 'project' | 'source' | 'warnings'>,
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { name } = read.project;
  return withProject(context, name, 'build', async () => {
    const previous = await readState(mln.folders.projects, name);
    if (previous) await agreeToReplace(context, previous.project, options);
    else refuseStrangers(join(mln.folders.projects, name));
    const project = decide(read.project, previous?.project ?? null);
    const notes: string[] = [];
    const { failures } = await operate(mln, 'build', project, buildOptions(read, previous, options), (progress) => {
      if (progress.state === 'note') notes.push(progress.text);
      terminal.report(progress);
    });
    if (options['json'] === true) terminal.json(documentOf(project, read, notes));
    else
      terminal.note(
        `${name} is built${failures.length > 0 ? ' in part' : ''}: ${count(project.hosts.length, 'host')}, ${count(project.switches.length, 'switch')}`,
      );
    return tellFailures(failures, project.hosts.length);
  });
}

function buildOptions(
  { source }: Pick<ReadProject, 'source'>,
  previous: State | null,
  options: CommandOptions,
): OperateOptions {
  return {
    source,
    previous: previous?.project ?? null,
    version: (previous?.version ?? 0) + 1,
    ...(options['allOrNothing'] === true ? { allOrNothing: true } : {}),
    ...(options['overcommit'] === true ? { overcommit: true } : {}),
  };
}

/** What was built, for other programs. */
function documentOf(
  { name, hosts, switches }: Project,
  { warnings }: Pick<ReadProject, 'warnings'>,
  notes: readonly string[],
): object {
  const namesOf = (units: readonly Unit[]): readonly string[] => units.map((unit) => unit.name);
  return {
    apiVersion: 'mln/v1',
    kind: 'Build',
    warnings: warnings.map(flatProblem),
    notes,
    items: [{ name, hosts: namesOf(hosts), switches: namesOf(switches) }],
  };
}

/** Nobody's guests come up half configured: a keyword that nobody knows is most likely a misspelt one. */
export function refuseUnknown(read: ReadProject, options: CommandOptions): void {
  const unknown = unknownInUse(read);
  if (unknown.length === 0 || options['allowUnknown'] === true) return;
  throw new MlnError([
    {
      severity: 'error',
      code: 'MLN_UNKNOWN_KEYWORD',
      message: `${count(unknown.length, 'keyword')} of ${read.project.name} that nobody knows; nothing was built`,
      hint: 'correct them, or build with --allow-unknown',
    },
  ]);
}

/** A folder that mln cannot read as a project may hold somebody's disks. */
function refuseStrangers(folder: string): void {
  if (!existsSync(folder)) return;
  throw failure('MLN_PROJECT_EXISTS', `${folder} is there and is no project of mln’s; it is left as it is`, {
    hint: 'move it away to build here',
  });
}

async function agreeToReplace(
  { mln, terminal }: CommandContext,
  project: Project,
  options: CommandOptions,
): Promise<void> {
  const { name } = project;
  await requireReplaceable(mln, project);
  if (options['replace'] === true || options['yes'] === true) return;
  const question = `${name} is built already. Replace it, and lose what is on its disks?${await lossOfMemory(mln, project)}`;
  if (options['json'] === true)
    throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
  await terminal.confirm(question);
}

/** Throws where a project that is built (`here`: its part on this machine) cannot be replaced as it is. */
export async function requireReplaceable(mln: Mln, project: Project, here = false): Promise<void> {
  const { name } = project;
  const up = await runningUnits(mln, project, here);
  if (up.length > 0)
    throw failure('MLN_PROJECT_RUNS', `${name} runs, and cannot be built anew: ${up.join(', ')}`, {
      hint: `mln stop -p ${name}`,
    });
  // What is there is edited where it is, and given up only by a plug-in that knows it.
  requireStores(mln, project);
  const hosts = project.hosts.filter((host) => !here || isHere(mln, host, project));
  const statuses = await statusesOf(mln, project, hosts);
  for (const host of hosts)
    if (host.disks.some(({ existing }) => existing)) refuseSaved(project, host, statuses.get(host.name));
}
