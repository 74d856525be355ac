import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPortable, makeFolder, makerTag, splitMaker, systemFailure, type CommandContext } from '@mln/core';

/** What an archive is unpacked in, among the projects; behind it stands whoever has made it. */
const PREFIX = '.import';

/** Lends a new folder of the projects' filesystem, for the calling user alone. */
export async function inFolder<T>(projects: string, act: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(projects, `${PREFIX}${makerTag()}`);
  await makeFolder(projects);
  try {
    await mkdir(folder, { mode: 0o700 });
    return await act(folder);
  } catch (error) {
    throw systemFailure(error, `${folder} cannot be written`);
  } finally {
    await removeFolder(folder);
  }
}

/** Removes what imports that were killed have left, and says so. */
export async function removeLeftovers({ mln, terminal }: Pick<CommandContext, 'mln' | 'terminal'>): Promise<void> {
  const { projects } = mln.folders;
  for (const name of await readdir(projects).catch(() => [])) {
    const maker = splitMaker(name);
    if (maker?.what !== PREFIX || maker.lives) continue;
    await removeFolder(join(projects, name));
    terminal.note('an import that was cut off is taken back: what it had unpacked is gone');
  }
}

/** Folders that were laid out may be such that nothing can be removed from them. */
async function removeFolder(folder: string): Promise<void> {
  const { removePlaced } = await loadPortable();
  await removePlaced(join(folder, 'laid'));
  await rm(folder, { recursive: true, force: true });
}
