import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { createTemplates, type Manifest, type Templates } from '../../templates.js';
import { table } from '../../terminal.js';
import { formatSize } from '../../values.js';
import { textOption } from '../choose.js';

export async function add(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const [name, version, family, message] = ['name', 'version', 'family', 'message'].map((each) =>
    textOption(options, each),
  );
  const manifest = await repository(context).add(args[0] ?? '', {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    family: family ?? null,
    message: message ?? null,
  });
  context.terminal.note(`${nameOf(manifest)} is added`);
  return Exit.done;
}

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
  else context.terminal.print(table(Object.entries(manifest).map(([key, value]) => [key, String(value ?? '-')])));
  return Exit.done;
}

export async function verify(context: CommandContext, args: readonly string[]): Promise<ExitCode> {
  const manifest = await repository(context).verify(args[0] ?? '');
  context.terminal.note(`${nameOf(manifest)} is what its manifest says`);
  return Exit.done;
}

export async function remove(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const name = args[0] ?? '';
  if (options['yes'] !== true) await context.terminal.confirm(`Remove the template ${name}?`);
  const manifest = await repository(context).remove(name);
  context.terminal.note(`${nameOf(manifest)} is removed`);
  return Exit.done;
}

function repository({ mln }: CommandContext): Templates {
  return createTemplates(mln.folders.templates, mln.shell);
}

function nameOf({ name, version }: Manifest): string {
  return `${name}@${version}`;
}
