import { join } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { chosenHostHere } from '../choose.js';
import { followLog, logExists } from '../follow.js';
import { failure } from '../../errors.js';

export async function log(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { project, host } = await chosenHostHere(context, args[0] ?? '', options);
  const path = join(project.directory, host, 'console.log');
  if (!logExists(path))
    throw failure('MLN_NO_FILE', `${host}.${project.name} has no console log yet`, {
      exit: Exit.failed,
      hint: `mln start -p ${project.name}`,
    });
  await followLog(path, (bytes) => process.stdout.write(bytes), { follow: options['follow'] === true });
  return Exit.done;
}
