import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from '../errors.js';
import type { Mln } from '../kernel.js';
import { removeDisks } from '../remove.js';
import { requireDown } from '../require-down.js';
import { readJournal } from '../journal.js';
import type { State } from '../state.js';
import { unpatch } from './disk.js';
import { storeOf } from './edit.js';
import { letGo } from './hold.js';
import { undoFile, upgradeFolder } from './places.js';

/**
 * Takes back an upgrade that is not in its place: every disk is as it was, and guests that were given away can be started
 * again. May be done again wherever it was cut off.
 */
export async function takeBack(mln: Mln, directory: string, state: State | null): Promise<void> {
  const staging = upgradeFolder(directory);
  try {
    for (const name of await readdir(join(staging, '.undo')).catch(() => [])) {
      const [of = '', version] = name.split('@');
      const host =
        version === undefined
          ? state?.project.hosts.find((each) => each.name === of)
          : state?.kept.find((each) => each.host.name === of && String(each.version) === version)?.host;
      const disk = host?.disks.find(({ role }) => role === 'root');
      if (state && host && version === undefined) await requireDown(mln, state.project, host);
      if (state && host && disk)
        await unpatch(storeOf(mln, disk, host, state.project), undoFile(directory, of, version ?? null));
    }
    for (const { name } of state?.project.hosts ?? []) await letGo(directory, name);
    const outside = (await readJournal(directory)).findLast(
      (entry) => entry.outside && entry.name === 'upgrade',
    )?.outside;
    if (outside) await removeDisks(mln, { ...outside, directory: staging }, null);
    await rm(staging, { recursive: true, force: true });
    // It was new here: nothing else has this folder.
    if (!state) await rm(directory, { recursive: true, force: true });
  } catch (error) {
    throw systemFailure(error, `the upgrade in ${staging} cannot be taken back`);
  }
}
