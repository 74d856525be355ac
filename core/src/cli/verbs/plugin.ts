import pc from 'picocolors';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import type { BrokenPlugin, RunningPlugin } from '../../guard-taps.js';
import { renderError } from '../../render-problem.js';
import { table } from '../../terminal.js';

/** `mln plugin list`: what each plug-in is and brings, then those that cannot be used, each with its reason. */
export async function list(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  // What a plug-in declares, and whether it can, is known when it was asked.
  void mln.keywords.places();
  const { plugins, broken } = mln;
  if (options['json'] === true)
    terminal.json({ apiVersion: 'mln/v1', kind: 'Plugins', items: plugins.map(item), broken: broken.map(brokenItem) });
  else terminal.print([...plugins.map(described), ...broken.map(describedBroken)].join('\n'));
  return Promise.resolve(broken.length === 0 ? Exit.done : Exit.badConfiguration);
}

function item({ name, version, api, source, listedIn, pack, taps, keywords, verbs }: RunningPlugin): object {
  const hooks = hooksOf(taps);
  return { name, version, api, source, listedIn: listedIn ?? null, pack: pack ?? null, hooks, keywords, verbs };
}

function brokenItem({ name, source, error }: BrokenPlugin): object {
  const problems = error.problems.map(({ code, message, hint = null, place }) => ({
    code,
    message,
    hint,
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  }));
  return { name, source, problems };
}

function hooksOf(taps: RunningPlugin['taps']): readonly string[] {
  return [...new Set(taps.map(({ hook }) => hook))];
}

function described({ name, version, api, source, pack, taps, keywords, verbs }: RunningPlugin): string {
  const rows: readonly (readonly [string, string])[] = [
    ['source', source],
    ['pack', pack ?? ''],
    ['api', api],
    ['hooks', hooksOf(taps).join(' ')],
    ['keywords', keywords.join(' ')],
    ['verbs', verbs.join(', ')],
  ];
  const told = rows.filter(([, value]) => value !== '');
  return `${pc.bold(name)} ${version}\n${indented(table(told))}`;
}

function describedBroken({ name, source, error }: BrokenPlugin): string {
  return `${pc.bold(name)} ${pc.red('cannot be used')}\n${indented(`${table([['source', source]])}\n${renderError(error)}`)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
