import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { isName, namePattern } from '../../names.js';
import { placeText } from '../../place-text.js';
import { serverOf } from '../../servers.js';
import { requireState } from '../../state.js';
import { readVersion } from '../../upgrade/history.js';
import { withSwitchesClaimed } from '../../upgrade/reclaim.js';
import { chosenHost, textOption } from '../choose.js';
import { upgradeProject } from './upgrade.js';

/** Brings a host to another server, with its disk: an upgrade in which nothing else changes. */
export async function migrate(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  if (options['live'] === true) throw notLive();
  const to = textOption(options, 'to');
  if (to === undefined) throw failure('MLN_USAGE', 'to which server?', { hint: 'mln migrate HOST --to SERVER' });
  if (!isName(to))
    throw failure('MLN_BAD_NAME', `${JSON.stringify(to)} cannot be the name of a server`, { hint: namePattern });
  const { project: chosen, host: name } = await chosenHost(context, args[0] ?? '', options);
  const state = await requireState(mln.folders.projects, chosen.name);
  const { project } = state;
  const host = project.hosts.find((each) => each.name === name);
  if (host && serverOf(host, project) === to) {
    terminal.note(`${name}.${project.name} is on ${to} already`);
    return Exit.done;
  }
  const { source } = await readVersion(project.directory, state.version);
  const hosts = project.hosts.map((each) => (each.name === name ? { ...each, serviceHost: to } : each));
  const moved = withSwitchesClaimed(mln, { ...project, hosts });
  const exit = await upgradeProject(context, { project: moved, source, warnings: [] }, options);
  if (exit === Exit.done)
    terminal.note(
      `another upgrade brings it where the project’s file says: write "service_host ${to}" in the block of host ${name}${host?.place ? ` (${placeText(host.place)})` : ''} to keep this`,
    );
  return exit;
}

function notLive(): Error {
  return failure(
    'MLN_UNSUPPORTED',
    'a guest that runs is not moved: its memory would have to go along while it changes. A guest of User-Mode Linux is processes of its machine and their open files; Xen moves memory, but only between machines that see one and the same disk, and that mln does not ask for',
    {
      hint: '--pre-copy sends the disk while the guest runs, and shuts it down only for what has changed since',
    },
  );
}
