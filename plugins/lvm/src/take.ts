import { failure, type Project, type Shell } from '@mln/core';
import { missing, requireOurs } from './refusals.js';
import { hostOf, tagsOf } from './tags.js';
import { findVolumes, named, runLvm, type Volume } from './volumes.js';

interface Wanted {
  readonly group: string;
  readonly name: string;
  /** Those of the host that the volume is to belong to. */
  readonly tags: readonly string[];
  readonly project: Project;
}

/**
 * Gives a volume of the project (/dev/GROUP/NAME) a name and a host's tags. The tags come first, all at once; what is
 * done already is not done again.
 */
export async function takeVolume(shell: Shell, from: string, { group, name, tags, project }: Wanted): Promise<void> {
  const [, , fromGroup = '', was = ''] = from.split('/');
  if (fromGroup !== group)
    throw failure('MLN_UNSUPPORTED', `the volume ${fromGroup}/${was} cannot be renamed to ${group}/${name}`, {
      hint: 'a volume stays in its group: what is in it is copied to another one',
    });
  const volumes = await findVolumes(shell, named(group, [was, name]));
  const [there, old] = [name, was].map((each) => volumes.find((volume) => volume.name === each));
  const found = there ?? old;
  if (!found) throw missing(group, was);
  requireOurs(found, ownTags(found, project));
  const path = `${group}/${found.name}`;
  const [gone, come] = [without(found.tags.filter(isOwn), tags), without(tags, found.tags)];
  if (gone.length + come.length > 0)
    await runLvm(shell, 'lvchange', [
      ...gone.flatMap((tag) => ['--deltag', tag]),
      ...come.flatMap((tag) => ['--addtag', tag]),
      path,
    ]);
  if (!there) await runLvm(shell, 'lvrename', [group, was, name]);
}

/** The tags that a volume has if it belongs to the project, whichever of its hosts it is of. */
function ownTags({ tags }: Volume, project: Project): readonly string[] {
  return tagsOf({ name: hostOf(tags, project) ?? '' }, project);
}

function isOwn(tag: string): boolean {
  return tag.startsWith('mln:') || tag.startsWith('mln-id:');
}

function without(tags: readonly string[], others: readonly string[]): readonly string[] {
  return tags.filter((tag) => !others.includes(tag));
}
