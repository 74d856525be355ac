import { mkdir, readdir, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Exit } from '../codes.js';
import { failure, systemFailure } from '../errors.js';

/** What a new folder is to hold, by paths in it: texts of files, and where symbolic links point. */
export interface FolderContent {
  readonly files: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, string>;
}

/**
 * Makes a folder, whole or not at all: everything is written beside it, and takes its place at the end. An empty folder
 * may be there already. Throws MLN_USAGE where there is one that holds something, or a file.
 */
export async function writeFolder(folder: string, content: FolderContent): Promise<void> {
  const there = await emptyFolder(folder);
  const staging = join(dirname(folder), `.${basename(folder)}.new-${process.pid}`);
  let firstMade: string | undefined;
  try {
    firstMade = await mkdir(dirname(folder), { recursive: true });
    await mkdir(staging);
    await fill(staging, content);
    // A shell may stand in an empty folder: it is kept, and filled.
    if (there) await moveAll(staging, folder);
    else await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (firstMade !== undefined) await removeEmpty(dirname(folder), firstMade);
    throw systemFailure(error, `the folder ${folder} cannot be made`);
  }
}

/** Takes folders away, up to the first that was made; others may have put something into them meanwhile. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  try {
    for (let each = folder; each.startsWith(first); each = dirname(each)) await rmdir(each);
  } catch {
    // It is in use.
  }
}

async function fill(folder: string, { files, links }: FolderContent): Promise<void> {
  const placed = async (path: string): Promise<string> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  for (const [path, text] of files) await writeFile(await placed(path), text, { flag: 'wx' });
  for (const [path, target] of links) await symlink(target, await placed(path));
}

async function moveAll(from: string, to: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of await readdir(from)) {
      await rename(join(from, name), join(to, name));
      moved.push(name);
    }
    await rm(from, { recursive: true });
  } catch (error) {
    for (const name of moved) await rm(join(to, name), { recursive: true, force: true });
    throw error;
  }
}

/** Whether an empty folder is there; throws where something else is. */
async function emptyFolder(folder: string): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code === 'ENOTDIR') throw taken(`${folder} is in the way: it is no folder`);
    throw systemFailure(error, `${folder} cannot be read`);
  }
  if (names.length > 0) throw taken(`the folder ${folder} is not empty`);
  return true;
}

function taken(message: string): Error {
  return failure('MLN_USAGE', message, { hint: 'name another with --folder', exit: Exit.usage });
}
