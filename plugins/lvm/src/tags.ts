import { createHash } from 'node:crypto';
import { formatSize, type Host, type Project } from '@mln/core';
import type { Volume } from './volumes.js';

/*
 * What marks a volume as mln's, lvm(8): `mln:PROJECT:HOST` is for people. The digest of the project's own secret tells
 * two projects of one name apart, which other projects folders of one machine may have.
 */

/** The tags of every volume of a host. */
export function tagsOf(host: Pick<Host, 'name'>, project: Pick<Project, 'name' | 'secret'>): readonly [string, string] {
  const text = ['volume', project.secret ?? '', project.name, host.name].join('\0');
  return [`mln:${project.name}:${host.name}`, `mln-id:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`];
}

/** The host of a project that tags name; null: none. */
export function hostOf(tags: readonly string[], { name }: Pick<Project, 'name'>): string | null {
  const begin = `mln:${name}:`;
  return tags.find((tag) => tag.startsWith(begin))?.slice(begin.length) ?? null;
}

/** What every volume of a template begins its tag with. */
export const TEMPLATE = 'mln-template:';

export function hasTags({ tags }: Volume, wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag));
}

/** The template that a volume holds; null: it is no template's. */
export function templateOf({ tags }: Volume): string | null {
  return tags.find((tag) => tag.startsWith(TEMPLATE))?.slice(TEMPLATE.length) ?? null;
}

/** What a volume is that has a name of mln's and is not what it should be. */
export function foreign({ group, name, tags, size }: Volume): string {
  const marks = tags.length === 0 ? 'has no tags' : `is tagged ${tags.join(', ')}`;
  return `the volume ${group}/${name} (${formatSize(size)}) is not of this project: it ${marks}`;
}
