import { readdir } from 'node:fs/promises';
import { newOperation } from '../../announce.js';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { isProjectName } from '../../names.js';
import { unitsOf } from '../../project.js';
import { cleanUnits } from '../../settle.js';
import { readState } from '../../state.js';
import { tidyTemplates } from '../../template-tidy.js';
import { emptyTrash } from '../../trash.js';
import { forgetOld } from '../../upgrade/kept.js';
import { textOption } from '../choose.js';
import { withProject } from '../guarded.js';

/** Cleans what belongs to no running host or switch, and says what it was; what runs is left alone. */
export async function clean(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const name = textOption(options, 'project') ?? args[0];
  const operation = newOperation('clean');
  const tell = (state: 'begun' | 'done'): void => {
    mln.hooks.event.call({ operation, project: null, unit: null, at: new Date().toISOString(), state, error: null });
  };
  tell('begun');
  for (const each of name === undefined ? await everything(mln.folders.projects) : [name])
    await withProject(context, each, 'clean', async () => {
      for (const said of await emptyTrash(mln.folders.projects, each)) terminal.note(said);
      const state = await readState(mln.folders.projects, each);
      if (!state) return;
      for (const said of await cleanUnits(mln, state.project, unitsOf(state.project))) terminal.note(said);
      for (const each of await forgetOld(mln, state)) terminal.note(`kept for long enough, and removed: ${each}`);
    });
  if (name === undefined)
    await tidyTemplates(mln.folders.templates, (said) => {
      terminal.note(said);
    });
  tell('done');
  return Exit.done;
}

/** Projects, and those of which only an unfinished build or removal, the lock of one that was killed, or what could not be deleted is left. */
async function everything(projects: string): Promise<readonly string[]> {
  const entries = await readdir(projects).catch(() => []);
  const names = entries.flatMap((entry) =>
    entry.startsWith('.') ? (/^\.([^.]+)\.(?:new|old|gone|trash-.+|lock\..+)$/.exec(entry)?.[1] ?? []) : [entry],
  );
  return [...new Set(names)].filter(isProjectName).sort();
}
