import type { ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { operate, type OperateOptions } from '../../operate.js';
import { requireState } from '../../state.js';
import { chosenNames, listOption, secondsOption, textOption } from '../choose.js';
import { eachProject } from '../each-project.js';
import { withProject } from '../guarded.js';
import { tellFailures } from '../tell.js';

/** Seconds that --wait waits where it is given no number. */
const USUAL_WAIT = '120';

export async function start(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  return eachProject(await chosenNames(context, args, options), (name) => startOne(context, name, options));
}

async function startOne(context: CommandContext, name: string, options: CommandOptions): Promise<ExitCode> {
  const { mln, terminal } = context;
  return withProject(context, name, 'start', async () => {
    const { project } = await requireState(mln.folders.projects, name);
    const { failures } = await operate(mln, 'start', project, startOptions(options), terminal.report);
    return tellFailures(failures, project.hosts.length);
  });
}

function startOptions(options: CommandOptions): OperateOptions {
  const hosts = listOption(options, 'host');
  const sleep = secondsOption(options, 'sleep', '-s');
  const wait = secondsOption(options['wait'] === true ? { wait: USUAL_WAIT } : options, 'wait', '--wait');
  const term = textOption(options, 'term');
  if (term !== undefined && !['screen', 'xterm', 'none'].includes(term))
    throw failure('MLN_USAGE', `--term is screen, xterm or none, not ${term}`);
  return {
    ...(hosts === undefined ? {} : { hosts }),
    ...(sleep === undefined ? {} : { sleep }),
    ...(wait === undefined ? {} : { wait }),
    ...(term === undefined ? {} : { term }),
    ...(options['here'] === true ? { here: true } : {}),
    ...(options['allOrNothing'] === true ? { allOrNothing: true } : {}),
  };
}
