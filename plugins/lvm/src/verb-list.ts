import { Exit, formatSize, table, type CommandContext, type CommandOptions, type ExitCode } from '@mln/core';
import { hasTags, tagsOf, templateOf } from './tags.js';
import { isBeingMade, removeTemplate } from './template-volumes.js';
import { findVolumes, type Volume } from './volumes.js';

/** Volumes of hosts, each with its project and host, and of templates. */
export async function list(
  { mln, terminal }: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const volumes = (await findVolumes(mln.shell, 'lv_name!=""')).filter(({ tags }) =>
    tags.some((tag) => /^mln[-:]/.test(tag)),
  );
  const projects = await mln.projects();
  const items = volumes.map((volume) => {
    const owner = ownerOf(volume);
    const project = projects.find(({ name }) => name === owner.project);
    // A project of that name that is not this one has another secret.
    const known = project !== undefined && hasTags(volume, tagsOf({ name: owner.host ?? '' }, project));
    return { ...volume, ...owner, template: templateOf(volume), known };
  });
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'VolumeList', items });
  else if (items.length > 0)
    terminal.print(
      table(
        items.map(({ group, name, size, project, host, template, known }) => [
          `${group}/${name}`,
          formatSize(size),
          template === null ? `${host ?? ''}.${project ?? ''}` : `template ${template}`,
          template !== null || known ? '' : `no such project in ${mln.folders.projects}`,
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
  const idle = all.filter(
    (volume) =>
      templateOf(volume) !== null &&
      !volume.open &&
      !isBeingMade(volume) &&
      !stood.has(`${volume.group}/${volume.name}`),
  );
  if (idle.length === 0) {
    terminal.note('there is nothing to remove');
    return Exit.done;
  }
  if (options['yes'] !== true)
    await terminal.confirm(`Remove ${idle.map(({ group, name }) => `${group}/${name}`).join(', ')}?`);
  for (const volume of idle) {
    const gone = await removeTemplate(mln.shell, volume);
    terminal.note(
      `${volume.group}/${volume.name} ${gone ? 'is removed' : 'stays: a snapshot has just been made of it'}`,
    );
  }
  return Exit.done;
}

function ownerOf({ tags }: Volume): { readonly project: string | null; readonly host: string | null } {
  const [, project = null, host = null] =
    tags.map((tag) => /^mln:([^:]+):([^:]+)$/.exec(tag)).find((match) => match !== null) ?? [];
  return { project, host };
}
