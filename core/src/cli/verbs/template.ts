import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { prunable, prune as pruneRepository, sizeOf } from '../../template-prune.js';
import { tidyTemplates } from '../../template-tidy.js';
import { createTemplates, type Manifest, type Templates } from '../../templates.js';
import { table } from '../../terminal.js';
import { formatSize } from '../../values.js';
import { textOption } from '../choose.js';
import { count } from '../tell.js';

export async function list(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const all = await repository(context).list();
  if (options['json'] === true) context.terminal.json({ apiVersion: 'mln/v1', kind: 'TemplateList', items: all });
  else if (all.length > 0)
    context.terminal.print(table(all.map((each) => [nameOf(each), formatSize(each.size), each.message ?? ''])));
  return Exit.done;
}

export async function show(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const manifest = (await repository(context).find(args[0] ?? '', context.mln.folders.templates)).manifest;
  if (!manifest) throw failure('MLN_NO_TEMPLATE', `${args[0] ?? ''} is a plain file, of which nothing is known`);
  if (options['json'] === true) context.terminal.json(manifest);
  else context.terminal.print(table(Object.entries(manifest).map(([key, value]) => [key, textOf(value)])));
  return Exit.done;
}

export async function verify(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const manifest = await repository(context).verify(args[0] ?? '');
  if (options['json'] === true) context.terminal.json(manifest);
  else context.terminal.note(`${nameOf(manifest)} is what its manifest says`);
  return Exit.done;
}

export async function remove(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const name = args[0] ?? '';
  const force = options['force'] === true;
  const though = force ? ', though projects that are not found may stand on it' : '';
  if (options['yes'] !== true) await context.terminal.confirm(`Remove the template ${name}${though}?`);
  const manifest = await repository(context).remove(name, force);
  context.terminal.note(`${nameOf(manifest)} is removed`);
  return Exit.done;
}

/** Removes versions that nobody stands on, and what stopped downloads have left. */
export async function prune(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const folder = mln.folders.templates;
  const keep = textOption(options, 'keep') ?? '1';
  if (!/^\d{1,6}$/.test(keep)) throw failure('MLN_USAGE', `--keep takes a number of versions, not ${keep}`);
  const json = options['json'] === true;
  const dryRun = options['dryRun'] === true;
  if (!dryRun)
    await tidyTemplates(folder, (text) => {
      terminal.note(text);
    });
  const found = await prunable(folder, Number(keep));
  if (found.versions.length > 0 && !dryRun && options['yes'] !== true) {
    const hint = 'confirm with -y';
    if (json) throw failure('MLN_NOT_CONFIRMED', 'nobody is asked with --json', { hint });
    await terminal.confirm(`Remove ${found.versions.map(nameOf).join(', ')}?`);
  }
  const { versions, freed } = dryRun
    ? { versions: found.versions, freed: await sizeOf(folder, found) }
    : await pruneRepository(folder, found);
  if (json)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'TemplatePruning',
      dryRun,
      items: versions,
      downloads: found.downloads.length,
      freed,
    });
  else {
    for (const each of versions) terminal.print(nameOf(each));
    if (found.downloads.length > 0) terminal.print(count(found.downloads.length, 'unfinished download'));
    terminal.note(`${formatSize(freed)} ${dryRun ? 'would be' : 'are'} freed`);
  }
  return Exit.done;
}

function repository({ mln, terminal }: CommandContext): Templates {
  return createTemplates(mln.folders.templates, mln.shell, (text) => {
    terminal.note(text);
  });
}

function nameOf({ name, version }: Manifest): string {
  return `${name}@${version}`;
}

/** A value of a manifest on one line; of what is deeper than a recipe, how much there is of it. */
function textOf(value: unknown, deep = false): string {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return '-';
  if (Array.isArray(value)) return value.map((each) => textOf(each, true)).join(' ');
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  const entries = Object.entries(value);
  return deep ? String(entries.length) : entries.map(([key, each]) => `${key} ${textOf(each, true)}`).join(', ');
}
