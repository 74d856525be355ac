import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LoadedPlugin } from '../kernel.js';
import { trialKernel, type Ground } from '../testing/trial-kernel.js';
import { tryKernel } from '../testing/try-kernel.js';
import type { Findings } from './findings.js';

/** The projects that a plug-in brings to be tried with: *.mln of its folder and of examples/, or beside a file that one of its name. */
export function examplesOf(path: string, isFolder: boolean): readonly string[] {
  if (!isFolder) return [path.replace(/\.m?js$/, '.mln')].filter((each) => each !== path && existsSync(each));
  return [path, join(path, 'examples')].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name.endsWith('.mln'))
          .sort()
          .map((name) => join(folder, name))
      : [],
  );
}

/**
 * Plans an example, and configures its guests once more over what they have become: the same configuration on top of
 * itself must change nothing.
 */
export async function checkExample(
  findings: Findings,
  ground: Ground,
  file: string,
  plugins: readonly LoadedPlugin[],
): Promise<void> {
  const name = basename(file);
  try {
    const files = dirname(file);
    const tried = await tryKernel(await trialKernel(ground, plugins, { files }), readFileSync(file, 'utf8'), { file });
    // The example may use what others bring.
    for (const { code, message, place } of tried.warnings)
      if (code !== 'MLN_UNKNOWN_KEYWORD') findings.warn('example', `${name}: ${message}`, { place });
    const changed = tried.project.hosts.reduce((sum, host) => sum + tried.edits(host.name).length, 0);
    findings.ok('example', `${name} is planned: ${changed} changes in ${tried.project.hosts.length} guests`);
    const again = [...(await tried.again())].filter(([, edits]) => edits.length > 0);
    for (const [host, edits] of again)
      findings.wrong(
        'twice',
        `${name}: configured twice, ${host} changes again: ${edits.map(({ path }) => path).join(', ')}`,
        {
          hint: 'write whole files, or keep what is added between marks: guest.region',
        },
      );
    if (again.length === 0) findings.ok('twice', `${name}: configured twice, its guests stay as they are`);
  } catch (error) {
    findings.thrown('example', error);
  }
}
