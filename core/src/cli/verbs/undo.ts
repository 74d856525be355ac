import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { requireState } from '../../state.js';
import { readHistory, readVersion } from '../../upgrade/history.js';
import { stateDigest } from '../../upgrade/plan-file.js';
import { planText } from '../../upgrade/show-plan.js';
import { isUpToDate, planUpgrade } from '../../upgrade/upgrade-plan.js';
import { wayBack } from '../../upgrade/undo-project.js';
import { chosenNames } from '../choose.js';
import { upgradeProject } from './upgrade.js';

/** Takes the last upgrade of a project back: what it was before is what it is to be again. Disks that were put aside come back. */
export async function undo(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const [name = ''] = await chosenNames(context, args, options);
  const digest = await stateDigest(mln, name);
  const present = await requireState(mln.folders.projects, name);
  const { directory } = present.project;
  const version = (await readHistory(directory)).map((each) => each.version).findLast((each) => each < present.version);
  if (version === undefined)
    throw failure('MLN_NO_VERSION', `no version of ${name} before the present one is kept`, {
      hint: `mln history -p ${name}`,
    });
  const { state: earlier, source } = await readVersion(directory, version);
  const { project, rebuild, back, lost, elsewhere } = wayBack(present, earlier, mln.keywords);
  const shown = await planUpgrade(mln, present, project, { rebuild });
  if (isUpToDate(shown)) {
    terminal.note(`${name} is as version ${version} was, but for disks that stay as large as they are: nothing to do`);
    return Exit.done;
  }
  if (options['yes'] !== true) {
    const question = `Bring ${name} back to version ${version}?`;
    if (options['json'] === true)
      throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
    terminal.note(planText(shown));
    if (back.length > 0) terminal.note(`disks that were kept aside come back: ${back.join(', ')}`);
    if (elsewhere.length > 0)
      terminal.note(`disks that their servers still keep come back, others are made anew: ${elsewhere.join(', ')}`);
    if (lost.length > 0) terminal.note(`made anew, as their disks are no longer kept: ${lost.join(', ')}`);
    await terminal.confirm(question);
  }
  return upgradeProject(
    context,
    { project, source, warnings: [] },
    {
      ...options,
      undo: String(version),
      ...(rebuild.length > 0 ? { rebuild: rebuild.join(',') } : {}),
      ...(digest === null ? {} : { state: digest }),
    },
  );
}
