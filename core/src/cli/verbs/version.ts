import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { table } from '../../terminal.js';

export async function version(
  { mln, terminal, version: own }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const plugins = Object.fromEntries(mln.plugins.map((plugin) => [plugin.name, plugin.version]));
  if (options['json'] === true) terminal.json({ version: own, pluginApi: mln.apiVersion, plugins });
  else terminal.print(table([['mln', own], ['plug-in API', mln.apiVersion], ...Object.entries(plugins)]));
  return Promise.resolve(Exit.done);
}
