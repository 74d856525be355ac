import { stat, realpath } from 'node:fs/promises';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { failure } from '../../errors.js';
import { writeAtomically } from '../../files.js';
import { format } from '../../fmt.js';
import { readText } from '../../include.js';
import { chosenFile } from '../choose.js';

/** Lays out one file; what it includes is left alone. Standard input is laid out to standard output. */
export async function fmt(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { file, text } = chosenFile(options);
  if (/\.(json|ya?ml|xml)$/i.test(file))
    throw failure('MLN_USAGE', `${file} is not in the language of mln`, { hint: 'mln fmt lays out *.mln files' });
  const written = text ?? readText(file);
  const formatted = format(written, file, mln.keywords);
  const check = options['check'] === true;
  if (check) {
    if (formatted === written) return Exit.done;
    terminal.print(file);
    return Exit.asked;
  }
  if (text !== undefined) {
    process.stdout.write(formatted);
    return Exit.done;
  }
  if (formatted === written) return Exit.done;
  // A link stays a link, and the file keeps its mode.
  const target = await realpath(file);
  await writeAtomically(target, formatted, (await stat(target)).mode & 0o7777);
  terminal.note(`${file} is laid out anew`);
  return Exit.done;
}
