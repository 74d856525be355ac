import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { flatten } from '../../flatten.js';
import { requireState } from '../../state.js';
import { chosenHost } from '../choose.js';
import { withProject } from '../guarded.js';

/** `mln disk flatten HOST`. */
export async function flattenDisk(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { project, host } = await chosenHost(context, args[0] ?? '', options);
  await withProject(context, project.name, 'disk flatten', async () => {
    const count = await flatten(mln, await requireState(mln.folders.projects, project.name), host);
    terminal.note(count === 0 ? `the disk of ${host} stands on nothing` : `the disk of ${host} is whole`);
  });
  return Exit.done;
}
