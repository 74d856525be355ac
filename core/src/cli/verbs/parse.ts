import { resolve } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { printHook } from '../../kernel.js';
import { readTree } from '../../read-project.js';
import { resolvedDocument } from '../../resolved-document.js';
import { withoutSecrets } from '../../secrets.js';
import { print, type Tree } from '../../tree.js';
import { chosenFile, readChosenFile, textOption } from '../choose.js';

/** Prints a project file as a tree, in a format that can be read again; or what it comes to, for other programs. */
export async function parse(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const showSecrets = options['showSecrets'] === true;
  checkOptions(options);
  if (options['resolved'] === true) {
    const read = await readChosenFile(context, options);
    terminal.json(resolvedDocument(read, mln.keywords, showSecrets));
    return Exit.done;
  }
  const { file, text } = chosenFile(options);
  const { tree } = await readTree(mln, resolve(file), text);
  const format = textOption(options, 'format') ?? (options['json'] === true ? 'json' : 'mln');
  const shown = showSecrets ? tree : withoutSecrets(tree, mln.keywords);
  terminal.print(printed(context, shown, format).replace(/\n$/, ''));
  return Exit.done;
}

/** What changes a project does not change the tree of its file. */
const ofTrees = new Set(['file', 'json', 'format', 'showSecrets']);

function checkOptions({ resolved, ...options }: CommandOptions): void {
  const given = Object.keys(options).filter((name) => options[name] !== undefined && options[name] !== false);
  const other = given.find((name) => !ofTrees.has(name));
  if (resolved !== true && other !== undefined)
    throw failure('MLN_USAGE', `--${other} changes what a project comes to, not the tree of its file`, {
      hint: 'add --resolved',
    });
  if (resolved === true && given.includes('format'))
    throw failure('MLN_USAGE', '--resolved prints JSON, and no other format');
}

function printed({ mln }: CommandContext, tree: Tree, format: string): string {
  if (format === 'mln') return print(tree.items);
  const text = printHook(mln).call(tree, format);
  if (text === undefined)
    throw failure('MLN_USAGE', `no plug-in prints the format ${format}`, {
      hint: 'mln is always there; @mln/plugin-formats prints json, yaml and xml',
    });
  return text;
}
