import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { flatten } from '../../flatten.js';
import { placeText } from '../../place-text.js';
import { resize } from '../../resize.js';
import { requireState } from '../../state.js';
import { formatSize } from '../../values.js';
import { chosenHostHere } from '../choose.js';
import { withProject } from '../guarded.js';

/** `mln disk flatten HOST`. */
export async function flattenDisk(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { project, host } = await chosenHostHere(context, args[0] ?? '', options);
  await withProject(context, project.name, 'disk flatten', async () => {
    const count = await flatten(mln, await requireState(mln.folders.projects, project.name), host);
    terminal.note(count === 0 ? `the disk of ${host} stands on nothing` : `the disk of ${host} is whole`);
  });
  return Exit.done;
}

/** `mln disk resize HOST SIZE`. */
export async function resizeDisk(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const [chosen = '', wanted = ''] = args;
  const { project, host } = await chosenHostHere(context, chosen, options);
  await withProject(context, project.name, 'disk resize', async () => {
    const state = await requireState(mln.folders.projects, project.name);
    const { size, grown } = await resize(mln, state, host, wanted);
    terminal.note(`the disk of ${host} has ${formatSize(size)}${grown ? '' : ' already'}`);
    if (!grown) return;
    const { disks = [], place } = state.project.hosts.find(({ name }) => name === host) ?? {};
    const free = disks.some(({ role, freeSpace }) => role === 'root' && freeSpace !== null);
    terminal.note(
      `another build makes it as large as the project's file says: write "size ${wordOf(size)}${free ? '; free_space no' : ''}" in the block of host ${host}${place ? ` (${placeText(place)})` : ''} to keep this`,
    );
  });
  return Exit.done;
}

/** A size as the language has it. */
function wordOf(bytes: number): string {
  const unit = (['G', 'M', 'K'] as const).find((each) => bytes % units[each] === 0);
  return unit === undefined ? String(bytes) : `${bytes / units[unit]}${unit}`;
}

const units = { G: 1024 ** 3, M: 1024 ** 2, K: 1024 } as const;
