import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { start } from './start.js';
import { stop } from './stop.js';

/** What does not stop is not started again. */
export async function restart(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { wait, destroy, ...rest } = options;
  const stopped = await stop(context, args, destroy === undefined ? rest : { ...rest, wait: destroy });
  if (stopped !== Exit.done) return stopped;
  return start(context, args, wait === undefined ? rest : { ...rest, wait });
}
