import type { Shell } from '@mln/core';
import { isEnded, type Held } from './held.js';

const KEPT = 200;
const DAYS = 14;

/** Throws away operations that ended long ago, or before many others. */
export async function throwAway(shell: Shell, all: Map<string, Held>, now = Date.now()): Promise<void> {
  const oldest = new Date(now - DAYS * 24 * 3600 * 1000).toISOString();
  const ended = [...all.values()].filter(isEnded).sort((one, other) => (one.at < other.at ? 1 : -1));
  const old = ended.filter((held, index) => index >= KEPT || (held.endedAt ?? held.at) < oldest);
  for (const { id } of old) all.delete(id);
  await removeTree(shell, ...old.map(({ folder }) => folder.path));
}

/** Removes folders in which another user may write: rm(1) follows nothing that is put there meanwhile. */
export async function removeTree(shell: Shell, ...paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await shell('rm', ['-rf', '--', ...paths]);
}
