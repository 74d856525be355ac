import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
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
  const [file = ''] = args;
  const [name, version, message] = ['name', 'version', 'message'].map((each) => textOption(options, each));
  if (existsSync(file) && !(await context.mln.hooks.filesystem.promise(resolve(file))))
    throw failure('MLN_NO_FILESYSTEM', `no plug-in reads a filesystem in ${file}`, {
      hint: 'a template is the image of one filesystem, without a partition table',
    });
  const manifest = await repository(context).add(file, {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
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
