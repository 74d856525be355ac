import { chmod, mkdir, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure, systemFailure } from '../errors.js';
import { syncFolder, writeAtomically } from '../files.js';
import type { Shell } from '../shell.js';
import { makeAccount } from './accounts.js';
import { foldersAbove, type Choice, type Item } from './items.js';
import type { Seen } from './look.js';
import { markAt, markOf, writeRecord, type SetupRecord } from './record.js';

/** What is to be done, and where it is remembered. */
export interface Work {
  readonly choice: Choice;
  readonly seen: readonly Seen[];
  /** What setup wrote once and would not write now. */
  readonly leftovers: readonly string[];
  readonly before: SetupRecord | null;
  readonly record: string;
  readonly prefix: string | null;
  readonly shell: Shell;
}

/**
 * Makes what is missing, writes anew what is outdated, takes leftovers away. What is about to be written is remembered
 * first: setup knows its own files again after it was killed, and goes on there.
 */
export async function apply({ choice, seen, leftovers, before, record, prefix, shell }: Work): Promise<void> {
  const todo = seen.filter(({ state }) => state === 'missing' || state === 'outdated').map(({ item }) => item);
  const parents = [...todo.map(({ path }) => path), record].flatMap((path) => foldersAbove(path, prefix));
  const folders = missingFolders(todo, parents, choice.kind === 'user' ? 0o700 : 0o755);
  const rest = todo.filter(({ kind }) => kind !== 'folder');
  const old = before?.wrote ?? {};
  // What is as it should be is setup's own: it was killed, or somebody wrote the very same.
  const right = seen
    .filter(({ item, state }) => state === 'ok' && item.kind !== 'folder' && item.kind !== 'account')
    .map(({ item }) => item);
  const kept = Object.fromEntries(Object.entries(old).filter(([path]) => !leftovers.includes(path)));
  const marks = marksOf([...right, ...folders, ...rest]);
  const after: SetupRecord = { version: 1, choice, wrote: { ...kept, ...marks } };
  // So that it can be written down what is about to be done.
  const first = folders.filter(({ path }) => foldersAbove(record, prefix).includes(path));
  for (const folder of first) await make(folder, shell);
  if (todo.length > 0 || leftovers.length > 0)
    await writeRecord(record, { ...after, wrote: { ...old, ...both(old, marks) } });
  for (const item of [...folders.filter((each) => !first.includes(each)), ...rest]) await make(item, shell);
  for (const path of leftovers) await takeAway(path);
  if (!isDeepStrictEqual(after, before)) await writeRecord(record, after);
}

function marksOf(items: readonly Item[]): Record<string, readonly string[]> {
  return Object.fromEntries(items.map((item) => [item.path, [markOf(item)]]));
}

/** While a file is put in place of another, either may be found there. */
function both(old: SetupRecord['wrote'], marks: SetupRecord['wrote']): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(marks).map(([path, mark]) => [path, [...new Set([...(old[path] ?? []), ...mark])]]),
  );
}

/** The folders to make, those that hold others first; those that nobody asked for have the mode of the others above. */
function missingFolders(todo: readonly Item[], parents: readonly string[], mode: number): readonly Item[] {
  const asked = new Map(todo.filter(({ kind }) => kind === 'folder').map((item) => [item.path, item]));
  const paths = [...new Set([...parents, ...asked.keys()])].filter((path) => {
    const found = folderAt(path);
    if (found === false) throw failure('MLN_IO', `${path} is in the way: it is no folder`);
    return found === null;
  });
  return paths
    .sort((one, other) => one.length - other.length)
    .map((path) => asked.get(path) ?? { kind: 'folder', what: 'folder', path, mode });
}

/** Whether a folder is there, or (false) something else; null where nothing is. */
function folderAt(path: string): boolean | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? null;
  } catch (error) {
    throw systemFailure(error, `${path} cannot be looked at`);
  }
}

async function make(item: Item, shell: Shell): Promise<void> {
  const { path } = item;
  if (item.kind === 'account') return makeAccount(item, shell);
  if (item.kind === 'file') return writeAtomically(path, item.text, 0o644);
  try {
    if (item.kind === 'link') await linkAtomically(item.target, path);
    else {
      await mkdir(path, { mode: item.mode });
      await chmod(path, item.mode);
    }
  } catch (error) {
    if (item.kind === 'folder' && (error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw systemFailure(error, `${path} cannot be made`);
  }
}

async function linkAtomically(target: string, path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

async function takeAway(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw systemFailure(error, `${path} cannot be removed`);
  }
}

/** What became of what setup once wrote. */
export interface Removed {
  readonly removed: readonly string[];
  /** What somebody changed, or folders that hold something. */
  readonly left: readonly string[];
  /** Users and groups of the system: files may be theirs. */
  readonly accounts: readonly string[];
}

/** Takes away what setup wrote and nobody changed. Folders go where they are empty; `dry` only tells. */
export async function removeAll(wrote: SetupRecord['wrote'], record: string, dry: boolean): Promise<Removed> {
  const removed: string[] = [];
  const left: string[] = [];
  const folders: string[] = [];
  const isAccount = (path: string): boolean => wrote[path]?.includes('account') === true;
  const [accounts, paths] = [Object.keys(wrote).filter(isAccount), Object.entries(wrote)];
  for (const [path, marks] of paths.filter(([each]) => !isAccount(each))) {
    const mark = await markAt(path);
    if (mark === null) continue;
    if (mark === 'folder' && marks.includes(mark)) folders.push(path);
    else if (!marks.includes(mark)) left.push(path);
    else {
      if (!dry) await takeAway(path);
      removed.push(path);
    }
  }
  if (!dry) await takeAway(record);
  for (const path of folders.sort((one, other) => other.length - one.length)) {
    const gone = new Set([...removed, record]);
    const empty = (await readdir(path)).every((name) => gone.has(join(path, name)));
    if (empty && (dry || (await removeEmpty(path)))) removed.push(path);
    else left.push(path);
  }
  return { removed, left, accounts };
}

async function removeEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) return false;
    throw systemFailure(error, `the folder ${path} cannot be removed`);
  }
}
