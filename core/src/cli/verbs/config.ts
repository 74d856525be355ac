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
  const sources = sourcesOf(mln);
  if (options['json'] === true) terminal.json(showOrigin ? { values, origins, plugins: sources } : values);
  else {
    terminal.print(
      table(
        Object.entries(values).map(([key, value]) => [
          key,
          Array.isArray(value) ? value.join(' ') : String(value ?? '-'),
          ...(showOrigin ? [origins[key] ?? ''] : []),
        ]),
      ),
    );
    if (showOrigin) terminal.print(`\n${table(sources.map(row))}`);
  }
  return Promise.resolve(Exit.done);
}

interface PluginSource {
  readonly name: string;
  /** Its file, or the package.json of its package. */
  readonly source: string;
  /** The configuration file that lists it, or its pack. */
  readonly listedIn: string | null;
  readonly pack: string | null;
  readonly broken: boolean;
}

function sourcesOf({ plugins, broken }: CommandContext['mln']): readonly PluginSource[] {
  return [
    ...plugins.map(({ name, source, listedIn = null, pack = null }) => ({
      name,
      source,
      listedIn,
      pack,
      broken: false,
    })),
    ...broken.map(({ name, source }) => ({ name, source, listedIn: null, pack: null, broken: true })),
  ];
}

function row({ name, source, listedIn, pack, broken }: PluginSource): readonly string[] {
  const through = pack === null ? (listedIn ?? '') : `pack ${pack}${listedIn === null ? '' : `, ${listedIn}`}`;
  return [name, source, broken ? 'cannot be used: mln plugin list' : through];
}
