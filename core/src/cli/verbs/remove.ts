import type { ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { runningUnits } from '../../monitor.js';
import { operate } from '../../operate.js';
import { requireStores } from '../../remove.js';
import { lossOfMemory } from '../../saved.js';
import { requireState } from '../../state.js';
import { textOption } from '../choose.js';
import { withProject } from '../guarded.js';
import { tellFailures } from '../tell.js';

export async function remove(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const name = textOption(options, 'project') ?? args[0];
  if (name === undefined) throw failure('MLN_USAGE', 'which project?', { hint: 'name it with -p' });
  const here = options['here'] === true;
  return withProject(context, name, 'remove', async () => {
    const { project } = await requireState(mln.folders.projects, name);
    requireStores(mln, project);
    const up = await runningUnits(mln, project, here);
    if (up.length > 0)
      throw failure('MLN_PROJECT_RUNS', `${name} is not stopped: ${up.join(', ')}`, { hint: `mln stop -p ${name}` });
    if (options['yes'] !== true)
      await terminal.confirm(
        `Remove ${name}, and all that is on the disks of its ${project.hosts.length} hosts?${await lossOfMemory(mln, project)}`,
      );
    const { failures } = await operate(mln, 'remove', project, { here }, terminal.report);
    if (failures.length === 0) terminal.note(`${name} is removed${here ? ' here' : ''}`);
    else
      terminal.note(`${name} is not removed everywhere, and so still known here: mln remove -p ${name} does the rest`);
    return tellFailures(failures, project.hosts.length);
  });
}
