import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemFailure } from './errors.js';
import { allNames } from './template-manifest.js';
import { splitMaker } from './template-owner.js';
import { bytesOf, settleRemoval } from './template-remove.js';

/** Something that nobody works on any more. */
export interface Leftover {
  readonly path: string;
  readonly kind: 'add' | 'download' | 'removal';
  /** Where it belongs, of a removal. */
  readonly place: string | null;
  /** When it was last written to, in milliseconds since 1970. */
  readonly at: number;
}

/** What commands that were killed have left in the repository, and downloads that stopped. */
export async function leftoversOf(folder: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const look = async (path: string, kind: Leftover['kind'], place: string | null = null): Promise<void> => {
    const at = (
      await stat(join(path, 'data'))
        .catch(() => stat(path))
        .catch(() => null)
    )?.mtimeMs;
    if (at !== undefined) found.push({ path, kind, place, at });
  };
  for (const name of await allNames(folder)) {
    const path = join(folder, name);
    const maker = splitMaker(name);
    if (!name.startsWith('.')) {
      for (const version of await allNames(path)) {
        const removal = splitMaker(version);
        if (removal?.lives === false && removal.what.endsWith('.gone'))
          await look(join(path, version), 'removal', join(path, removal.what.slice(1, -'.gone'.length)));
      }
    } else if (maker?.lives !== true) {
      if (maker?.what === '.new') await look(path, 'add');
      if (name.startsWith('.part-')) await look(path, 'download');
    }
  }
  return found;
}

/** Takes away what killed commands have left, and says so; downloads that stopped stay, so that they can go on. */
export async function tidyTemplates(folder: string, note: (text: string) => void): Promise<void> {
  for (const { path, kind, place } of await leftoversOf(folder))
    try {
      if (kind === 'add') {
        await rm(path, { recursive: true, force: true });
        note('a template add that was cut off is taken back: nothing of it is left');
      }
      if (kind === 'removal' && place !== null) {
        const how = await settleRemoval(path, place);
        note(
          `the removal of the template ${place.slice(folder.length + 1).replace('/', '@')}, which was cut off, is ${how}`,
        );
      }
    } catch (error) {
      note(messageOf(error));
    }
}

/** Takes one leftover away; gives the bytes that it took. */
export async function removeLeftover({ path }: Leftover): Promise<number> {
  const freed = await bytesOf(path);
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw systemFailure(error, `${path} cannot be removed`);
  }
  return freed;
}
