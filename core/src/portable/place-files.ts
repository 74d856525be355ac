import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, mkdir, readdir, rm, rmdir, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { systemFailure } from '../errors.js';
import type { Shell } from '../shell.js';
import type { SourceEntry } from './content.js';

/** Bytes from which on a file may well have holes that are worth being kept. */
const LARGE = 16 * 1024 * 1024;

/**
 * Lays out trees of files. Nobody else can enter the folder until all is there: it is given away last,
 * where it is to have another owner. Links are made and never followed.
 */
export async function placeFiles(
  blobs: { pathOf(sha256: string): string },
  shell: Shell,
  entries: readonly SourceEntry[],
  { folder, owner }: { readonly folder: string; readonly owner: { readonly uid: number; readonly gid: number } | null },
): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700, recursive: true });
    const roots = new Set(['files', ...entries.map(({ path }) => path.split('/').slice(0, 2).join('/'))]);
    if (entries.length > 0) for (const root of roots) await mkdir(join(folder, root), { mode: 0o700 });
    for (const { path } of entries.filter(({ kind }) => kind === 'directory'))
      await mkdir(join(folder, path), { mode: 0o700 });
    await eachOf(entries, async (entry) => {
      const path = join(folder, entry.path);
      if (entry.kind === 'link') await symlink(entry.target, path);
      if (entry.kind === 'file') await placeFile(blobs.pathOf(entry.blob.sha256), path, entry.blob.size, shell);
    });
    const all = [...entries.map(({ path }) => path), ...(entries.length > 0 ? roots : [])];
    if (owner) await eachOf(all, (path) => lchown(join(folder, path), owner.uid, owner.gid));
    // The deepest first: a folder may be one that nothing can be put into.
    for (const entry of entries.toReversed())
      if (entry.kind !== 'link') await chmod(join(folder, entry.path), entry.mode);
    if (owner) await lchown(folder, owner.uid, owner.gid);
  } catch (error) {
    throw systemFailure(error, `the files of the project cannot be laid out in ${folder}`);
  }
}

/** The place is one where nothing is yet, or it fails. */
async function placeFile(from: string, to: string, size: number, shell: Shell): Promise<void> {
  if (size < LARGE) await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else await shell('cp', ['--reflink=auto', '--sparse=always', '--', from, to]);
}

async function eachOf<T>(all: readonly T[], act: (each: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const work = async (): Promise<void> => {
    for (const each of rest) await act(each);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 2 * availableParallelism() }, work));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Removes what was laid out, folders that may not be written included. Nothing there is fine. */
export async function removePlaced(folder: string): Promise<void> {
  await openFolders(join(folder, 'files')).catch(() => undefined);
  await rm(join(folder, 'files'), { recursive: true, force: true });
  // One that holds something else stays.
  await rmdir(folder).catch(() => undefined);
}

async function openFolders(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const each of await readdir(path, { withFileTypes: true }))
    if (each.isDirectory()) await openFolders(join(path, each.name));
}
