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
  const stopped = await stop(context, args, options);
  if (stopped !== Exit.done) return stopped;
  const { wait: _, ...rest } = options;
  return start(context, args, rest);
}
