import type { Guest } from '@mln/core';
import type { Line } from './account-files.js';

/**
 * A home that is missing is made of /etc/skel, and belongs to its user alone. It goes with its user as long as nothing but
 * that is in it.
 */
export async function makeHome(guest: Guest, [, , uid, gid, , home = '/']: Line): Promise<void> {
  const [owner, group] = [Number(uid), Number(gid)];
  if (await guest.exists(home)) return;
  await guest.directory(home, { mode: 0o700, owner, group, asOne: true });
  await copySkeleton(guest, '/etc/skel', home, { owner, group });
}

async function copySkeleton(
  guest: Guest,
  from: string,
  to: string,
  owner: { owner: number; group: number },
): Promise<void> {
  for (const name of await guest.list(from)) {
    const entry = await guest.entry(`${from}/${name}`);
    if (entry?.type === 'directory') {
      await guest.directory(`${to}/${name}`, { mode: entry.mode, ...owner });
      await copySkeleton(guest, `${from}/${name}`, `${to}/${name}`, owner);
    } else if (entry?.type === 'file')
      await guest.write(`${to}/${name}`, (await guest.read(`${from}/${name}`)) ?? '', { mode: entry.mode, ...owner });
  }
}
