import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPortable, type Host, type Mln, type Project } from '@mln/core';
import type { Contents } from './contents.js';

/** Where the files of a project that was imported lie, in its own folder; no host has such a name. */
export const FILES = '.files';

/** Lays out what hosts copy, in a folder that stands for the project's own; gives the project with these paths. */
export async function placeSources(
  mln: Mln,
  { project, entries }: Contents,
  { blobs, laid }: { readonly blobs: string; readonly laid: string },
): Promise<Project> {
  const { copiedColumns, placeFiles } = await loadPortable();
  await mkdir(laid, { mode: 0o700 });
  if (entries.length > 0) {
    await placeFiles({ pathOf: (sha256) => join(blobs, sha256) }, mln.shell, entries, { folder: laid, owner: null });
    await rename(join(laid, 'files'), join(laid, FILES));
  }
  const hostWith = (host: Host): Host => {
    const lists = Object.entries(host.lists).map(([name, rows]) => {
      const columns = new Set(copiedColumns(mln, name));
      const wordsOf = (words: readonly string[]): readonly string[] =>
        words.map((word, at) => (columns.has(at) ? `.${word}` : word));
      return [
        name,
        columns.size === 0 ? rows : rows.map(({ words }) => ({ words: wordsOf(words), place: null })),
      ] as const;
    });
    return { ...host, lists: Object.fromEntries(lists) };
  };
  return { ...project, source: laid, hosts: project.hosts.map(hostWith) };
}
