import { join } from 'node:path';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { listProjects } from '../../state.js';
import { table } from '../../terminal.js';

export async function list(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { projects } = mln.folders;
  const names = await listProjects(projects);
  if (options['json'] === true)
    terminal.json({
      apiVersion: 'mln/v1',
      kind: 'ProjectList',
      items: names.map((name) => ({ name, folder: join(projects, name) })),
    });
  else if (names.length > 0) terminal.print(table(names.map((name) => [name, join(projects, name)])));
  return Exit.done;
}
