import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { table } from '../../terminal.js';

export async function config(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { template, serviceHost, stopWait, folders, origins } = mln.configuration;
  const values: Record<string, string | number | string[] | null> = {
    ...folders,
    template,
    service_host: serviceHost,
    stop_wait: stopWait,
    plugins: mln.plugins.map((plugin) => plugin.name),
  };
  const showOrigin = options['showOrigin'] === true;
  if (options['json'] === true) terminal.json(showOrigin ? { values, origins } : values);
  else
    terminal.print(
      table(
        Object.entries(values).map(([key, value]) => [
          key,
          Array.isArray(value) ? value.join(' ') : String(value ?? '-'),
          ...(showOrigin ? [origins[key] ?? ''] : []),
        ]),
      ),
    );
  return Promise.resolve(Exit.done);
}
