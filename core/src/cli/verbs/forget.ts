import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { requireState, type KeptHost } from '../../state.js';
import { table } from '../../terminal.js';
import { forget as forgetKept } from '../../upgrade/kept.js';
import { nearest } from '../../values.js';
import { chosenNames } from '../choose.js';
import { withProject } from '../guarded.js';

const reasons: Readonly<Record<KeptHost['reason'], string>> = {
  removed: 'the host was removed',
  rebuilt: 'its disk was made anew',
  replaced: 'its content is in another disk',
  moved: 'another server has it',
};

/** Lists the disks that are kept aside, or removes those of some hosts, or (`--all`) of all. */
export async function forget(
  context: CommandContext,
  hosts: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { projects } = mln.folders;
  const [name = ''] = await chosenNames(context, [], { project: options['project'] });
  if (hosts.length === 0 && options['all'] !== true) {
    const { kept } = await requireState(projects, name);
    if (options['json'] === true)
      terminal.json({ apiVersion: 'mln/v1', kind: 'KeptDisks', project: name, items: kept.map(itemOf) });
    else if (kept.length === 0) terminal.note(`no disks of ${name} are kept aside`);
    else terminal.print(table([['HOST', 'VERSION', 'SINCE', 'WHY'], ...kept.map(rowOf)]));
    return Exit.done;
  }
  return withProject(context, name, 'forget', async () => {
    const state = await requireState(projects, name);
    const known = [...new Set(state.kept.map(({ host }) => host.name))];
    for (const each of hosts) if (!known.includes(each)) throw nothingKept(name, each, known);
    const chosen = hosts.length === 0 ? known : hosts;
    if (chosen.length === 0) {
      terminal.note(`no disks of ${name} are kept aside`);
      return Exit.done;
    }
    const question = `Remove the disks of ${chosen.join(', ')} that are kept aside, and all that is on them?`;
    if (options['yes'] !== true) {
      if (options['json'] === true)
        throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
      await terminal.confirm(question);
    }
    const gone = await forgetKept(mln, state, hosts.length === 0 ? null : hosts);
    if (options['json'] === true)
      terminal.json({ apiVersion: 'mln/v1', kind: 'ForgottenDisks', project: name, items: gone });
    else terminal.note(`the disks of ${gone.join(', ')} that were kept aside are removed`);
    return Exit.done;
  });
}

function itemOf({ host, reason, at, version }: KeptHost): object {
  return { host: host.name, reason, at, version };
}

function rowOf({ host, reason, at, version }: KeptHost): readonly string[] {
  return [host.name, `@${version}`, at.replace(/T(\d\d:\d\d).*/, ' $1'), reasons[reason]];
}

function nothingKept(project: string, host: string, known: readonly string[]): Error {
  const guess = nearest(host, known);
  return failure('MLN_NO_UNIT', `no disk of a host ${host} of ${project} is kept aside`, {
    hint: guess ? `did you mean ${guess}?` : `kept are those of ${known.join(', ') || 'none'}`,
  });
}
