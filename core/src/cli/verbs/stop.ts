import type { ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { operate } from '../../operate.js';
import { requireState } from '../../state.js';
import { chosenNames, listOption, secondsOption } from '../choose.js';
import { eachProject } from '../each-project.js';
import { withProject } from '../guarded.js';
import { tellFailures } from '../tell.js';

export async function stop(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  if (options['save'] === true && options['wait'] !== undefined)
    throw failure('MLN_USAGE', 'memory is saved however long it takes: --save and -w do not go together');
  return eachProject(await chosenNames(context, args, options), (name) => stopOne(context, name, options));
}

async function stopOne(context: CommandContext, name: string, options: CommandOptions): Promise<ExitCode> {
  const { mln, terminal } = context;
  const hosts = listOption(options, 'host');
  const sleep = secondsOption(options, 'sleep', '-s');
  const wait = secondsOption(options, 'wait', '-w');
  return withProject(context, name, 'stop', async () => {
    const { project } = await requireState(mln.folders.projects, name);
    const { failures } = await operate(
      mln,
      'stop',
      project,
      {
        patience: mln.configuration.stopWait,
        ...(hosts === undefined ? {} : { hosts }),
        ...(sleep === undefined ? {} : { sleep }),
        ...(wait === undefined ? {} : { wait }),
        ...(options['save'] === true ? { save: true } : {}),
        ...(options['here'] === true ? { here: true } : {}),
      },
      terminal.report,
    );
    return tellFailures(failures, project.hosts.length);
  });
}
