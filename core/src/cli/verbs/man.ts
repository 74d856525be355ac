import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { systemFailure } from '../../errors.js';
import { writeAtomically } from '../../files.js';
import { manualFiles, manualPages, pageFor } from '../../man/pages.js';
import { plainPage } from '../../man/plain.js';
import { roffPage } from '../../man/roff.js';
import { showPage } from '../../man/show.js';
import { textOption } from '../choose.js';

/** `mln man [VERB]` shows a page of the manual; `--to FOLDER` writes all of them. */
export async function man(
  { mln, terminal, version, commands }: CommandContext,
  words: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const described = { commands, keywords: mln.keywords };
  const to = textOption(options, 'to');
  if (to !== undefined) {
    for (const path of await writeManual(resolve(to), manualFiles(described, version))) terminal.print(path);
    return Exit.done;
  }
  const page = pageFor(manualPages(described), words);
  if (!process.stdout.isTTY || !(await showPage(roffPage(page, version)))) terminal.print(plainPage(page));
  return Exit.done;
}

/** Gives the paths of what was written. */
async function writeManual(folder: string, files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const written: string[] = [];
  for (const [name, text] of files) {
    const path = join(folder, name);
    try {
      await mkdir(dirname(path), { recursive: true });
    } catch (error) {
      throw systemFailure(error, `the folder ${dirname(path)} cannot be made`);
    }
    await writeAtomically(path, text, 0o644);
    written.push(path);
  }
  return written;
}
