import type { ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { readPlanFile } from '../../upgrade/plan-file.js';
import { buildProject } from './build.js';
import { upgradeProject } from './upgrade.js';

/** Carries out a plan that was kept in a file: what it says, and nothing else. */
export async function apply(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { does, project, source, state, rebuild, shrink } = await readPlanFile(context.mln, args[0] ?? '');
  const read = { project, source, warnings: [] };
  if (does === 'build' || state === null) return buildProject(context, read, options);
  const consent = { rebuild: rebuild.join(','), shrink: shrink.join(',') };
  const named = Object.fromEntries(Object.entries(consent).filter(([, names]) => names !== ''));
  return upgradeProject(context, read, { ...options, ...named, state });
}
