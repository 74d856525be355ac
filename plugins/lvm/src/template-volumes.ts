import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeVolume } from './make.js';
import { foreign, templateOf, TEMPLATE } from './tags.js';
import { findVolumes, named, runLvm } from './volumes.js';
import { failure, isMlnError, takeLock, type Lock, type Mln, type Shell } from '@mln/core';

/*
 * What snapshots stand on: a template as a volume of the group, imported once for each version and read-only ever
 * after. While it is copied its name ends in `+new`; whoever finds such a one while he holds the lock knows that its
 * maker is dead, and begins anew.
 */

/** Where a template's volume is to lie. */
export interface Wanted {
  readonly group: string;
  /** Null: it is thick. */
  readonly pool: string | null;
  readonly image: string;
  /** Bytes; null: as large as the image. */
  readonly size: number | null;
}

/** Gives the names of template volumes, which are imported at first use. */
export type TemplateVolumes = (wanted: Wanted) => Promise<string>;

export function createTemplateVolumes(mln: Mln): TemplateVolumes {
  const importing = new Map<string, Promise<string>>();
  return async (wanted) => {
    const name = nameOf(wanted);
    const key = `${wanted.group}/${name}`;
    // Hosts that are built at once share one import.
    const begun = importing.get(key) ?? importOnce(mln, wanted, name);
    importing.set(key, begun);
    try {
      return await begun;
    } finally {
      // Another command of this process looks again.
      importing.delete(key);
    }
  };
}

async function importOnce(mln: Mln, wanted: Wanted, name: string): Promise<string> {
  const { shell, folders } = mln;
  const { group, pool, image } = wanted;
  const size = wanted.size ?? statSync(image).size;
  if (await isThere(shell, group, name)) return name;
  const lock = await waitForLock(folders.projects, lockOf(`${group}/${name}`), `import of ${image}`);
  try {
    if (await isThere(shell, group, name)) return name;
    if (await isThere(shell, group, `${name}+new`)) await runLvm(shell, 'lvremove', ['--yes', `${group}/${name}+new`]);
    const made = `${group}/${name}+new`;
    const tags = [`${TEMPLATE}${name.split('+').slice(1, -1).join(':')}`];
    try {
      await makeVolume(shell, { group, pool, name: `${name}+new`, tags, size, image });
      await runLvm(shell, 'lvchange', ['--permission', 'r', made]);
      await runLvm(shell, 'lvrename', [group, `${name}+new`, name]);
    } catch (error) {
      await runLvm(shell, 'lvremove', ['--yes', made]).catch(() => undefined);
      throw error;
    }
    return name;
  } finally {
    lock.release();
  }
}

/** Whether a template's volume is there; throws where somebody else's has its name. */
async function isThere(shell: Shell, group: string, name: string): Promise<boolean> {
  const [found] = await findVolumes(shell, named(group, [name]));
  if (found && templateOf(found) === null)
    throw failure('MLN_NOT_OURS', foreign(found), {
      hint: `nothing was changed; lvrename ${group} ${name} NAME makes room for a template`,
    });
  return found !== undefined;
}

/** The name of the lock that whoever makes or removes a template's volume (GROUP/NAME) holds. */
export function lockOf(path: string): string {
  return `volume-${digest(path)}`;
}

/** Milliseconds between two tries to have the lock. */
const PATIENCE = 500;

/** Whoever imports the same template is waited for, as long as he lives. */
async function waitForLock(folder: string, name: string, doing: string): Promise<Lock> {
  for (;;)
    try {
      return await takeLock(folder, name, doing);
    } catch (error) {
      if (!isMlnError(error) || error.code !== 'MLN_LOCKED') throw error;
      await pause(PATIENCE);
    }
}

/** A name that tells a person which template it is, and by its digest the version, wherever the image lies. */
function nameOf({ image, pool, size }: Wanted): string {
  const { size: bytes, mtimeMs } = statSync(image);
  // NAME/VERSION/image in the repository of templates, or any file.
  const [name, version] = [basename(dirname(dirname(image))), basename(dirname(image))];
  const called = basename(image) === 'image' ? `${name}+${version}` : basename(image);
  const kind = pool === null ? 'thick' : `thin-${pool}`;
  const which = digest([image, bytes, mtimeMs, kind, size ?? bytes].join('\0'));
  return `template+${called.replace(/[^A-Za-z0-9+.]/g, '.').slice(0, 60)}+${which}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
