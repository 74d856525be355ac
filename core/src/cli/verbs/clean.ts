import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { statusesOf } from '../../monitor.js';
import { isProjectName } from '../../names.js';
import { unitsOf } from '../../project.js';
import { readState } from '../../state.js';
import { textOption } from '../choose.js';
import { withProject } from '../guarded.js';

/** Cleans what belongs to no running host or switch; what runs is left alone. */
export async function clean(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const name = textOption(options, 'project') ?? args[0];
  for (const each of name === undefined ? await everything(mln.folders.projects) : [name])
    await withProject(context, each, 'clean', async () => {
      const state = await readState(mln.folders.projects, each);
      if (!state) return;
      const { project } = state;
      const statuses = await statusesOf(mln, project, unitsOf(project));
      for (const [unit, { state: found }] of statuses)
        if (found === 'down') {
          const { stdout } = await mln.shell(join(project.directory, unit, 'stop'), ['clean'], {
            cwd: project.directory,
          });
          if (stdout.trim() !== '') terminal.note(stdout.trim());
        }
    });
  return Exit.done;
}

/** Projects, and those of which only an unfinished build or removal is left. */
async function everything(projects: string): Promise<readonly string[]> {
  const entries = await readdir(projects).catch(() => []);
  const names = entries.flatMap((entry) =>
    entry.startsWith('.') ? (/^\.([^.]+)\.(?:new|old|gone)$/.exec(entry)?.[1] ?? []) : [entry],
  );
  return [...new Set(names)].filter(isProjectName).sort();
}
