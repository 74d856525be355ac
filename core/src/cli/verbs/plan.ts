import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { flatProblem } from '../../render-problem.js';
import type { ReadProject } from '../../read-project.js';
import { secretWords } from '../../secrets.js';
import { readState, type State } from '../../state.js';
import { isUpToDate, planUpgrade } from '../../upgrade/upgrade-plan.js';
import { planDocument, planText } from '../../upgrade/show-plan.js';
import { listOption, readChosenFile, textOption } from '../choose.js';
import { showPlan } from '../show-plan.js';
import { refuseUnknown } from './build.js';

/**
 * Shows what an upgrade would do of a project that is built; of one that is not, of one host, and with `--build`, what a
 * build would make. `--out` keeps it in a file for `mln apply`.
 */
export async function plan(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const read = await readChosenFile(context, options);
  const previous = await readState(context.mln.folders.projects, read.project.name);
  const isUpgrade = previous !== null && args.length === 0 && options['build'] !== true;
  const out = textOption(options, 'out');
  if (out !== undefined && !isUpgrade && previous)
    throw failure('MLN_USAGE', '--out keeps the plan of an upgrade, or of a first build', {
      hint: `${read.project.name} is built: leave out ${args.length > 0 ? 'the host' : '--build'}`,
    });
  if (out !== undefined) refuseUnknown(read, options);
  const isChange = isUpgrade
    ? await showUpgrade(context, read, previous, options)
    : (await showPlan(context, read, args, options), true);
  if (out !== undefined) {
    const { writePlanFile } = await import('../../upgrade/plan-file.js');
    await writePlanFile(context.mln, out, read, consentOf(options));
    context.terminal.note(`the plan is in ${out}: mln apply ${out} carries it out`);
  }
  return options['detailedExitcode'] === true && isChange ? Exit.asked : Exit.done;
}

/** Prints what an upgrade would do, and tells whether it would do anything. */
async function showUpgrade(
  { mln, terminal }: CommandContext,
  read: ReadProject,
  previous: State,
  options: CommandOptions,
): Promise<boolean> {
  const hidden = secretWords(read.views.values(), mln.keywords);
  const made = await planUpgrade(mln, previous, read.project, consentOf(options), hidden);
  if (options['json'] === true) terminal.json({ ...planDocument(made), warnings: read.warnings.map(flatProblem) });
  else if (isUpToDate(made)) terminal.note(`${read.project.name} is as the file says: nothing to do`);
  else terminal.print(planText(made));
  return !isUpToDate(made);
}

function consentOf(options: CommandOptions): { rebuild: readonly string[]; shrink: readonly string[] } {
  return { rebuild: listOption(options, 'rebuild') ?? [], shrink: listOption(options, 'shrink') ?? [] };
}
