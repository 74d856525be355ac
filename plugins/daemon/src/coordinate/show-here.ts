import type { ExitCode, Mln } from '@mln/core';
import { keptHere } from './homes.js';
import type { Called } from './verbs.js';

/** `mln status` of a project that lies here, in whichever folder: that of a user whose guests run here, too. */
export async function statusHere({ mln, options, context, args, given, next }: Called): Promise<ExitCode> {
  const name = typeof given['project'] === 'string' ? given['project'] : args[0];
  const folder = name === undefined ? null : ((await keptHere(mln, options, name))?.folder ?? null);
  if (folder === null || folder === mln.folders.projects) return next(context, args, given);
  return next({ ...context, mln: lookingIn(context.mln, folder) }, args, given);
}

/** The same kernel, which looks for projects in another folder. */
function lookingIn(mln: Mln, projects: string): Mln {
  const folders = { ...mln.folders, projects };
  return Object.create(mln, { folders: { value: folders, enumerable: true } }) as Mln;
}
