import { Exit, formatSize, table, takeLock, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import { templateOf } from './tags.js';
import { lockOf } from './template-volumes.js';
import { findVolumes, runLvm, type Volume } from './volumes.js';

/** Volumes of hosts, each with its project and host, and of templates, with what stands on them. */
export async function list(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const volumes = await ours(mln.shell);
  const known = new Set((await mln.projects()).map(({ name }) => name));
  const items = volumes.map((volume) => ({ ...volume, ...ownerOf(volume), template: templateOf(volume) }));
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'VolumeList', items });
  else if (items.length > 0)
    terminal.print(
      table(
        items.map(({ group, name, size, project, host, template }) => [
          `${group}/${name}`,
          formatSize(size),
          template === null ? `${host ?? ''}.${project ?? ''}` : `template ${template}`,
          project === null || known.has(project) ? '' : `no project ${project} in ${mln.folders.projects}`,
        ]),
      ),
    );
  return Exit.done;
}

/** A volume that a snapshot or a thin snapshot was made of has its name as their origin. */
export async function prune(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const all = await findVolumes(mln.shell, 'lv_name!=""');
  const stood = new Set(all.filter(({ origin }) => origin !== '').map(({ group, origin }) => `${group}/${origin}`));
  const idle = all
    .filter((volume) => templateOf(volume) !== null && !volume.open)
    .map(({ group, name }) => `${group}/${name}`)
    .filter((path) => !stood.has(path));
  if (idle.length === 0) {
    terminal.note('there is nothing to remove');
    return Exit.done;
  }
  if (options['yes'] !== true) await terminal.confirm(`Remove ${idle.join(', ')}?`);
  for (const path of idle) {
    // Who imports it just now goes on.
    const lock = await takeLock(mln.folders.projects, lockOf(path.replace(/\+new$/, '')), 'lvm prune');
    try {
      await runLvm(mln.shell, 'lvremove', ['--yes', path]);
    } finally {
      lock.release();
    }
    terminal.note(`${path} is removed`);
  }
  return Exit.done;
}

async function ours(shell: CommandContext['mln']['shell']): Promise<readonly Volume[]> {
  return (await findVolumes(shell, 'lv_name!=""')).filter(({ tags }) => tags.some((tag) => /^mln[-:]/.test(tag)));
}

function ownerOf({ tags }: Volume): { readonly project: string | null; readonly host: string | null } {
  const [, project = null, host = null] =
    tags.map((tag) => /^mln:([^:]+):([^:]+)$/.exec(tag)).find((match) => match !== null) ?? [];
  return { project, host };
}
