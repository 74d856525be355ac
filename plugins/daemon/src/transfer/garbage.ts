import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemon } from '../server/route.js';
import { blobsOf } from './blobs.js';

/** Milliseconds that a file is kept after it was last asked for. */
const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds within which a client that was told that a file is there comes to use it. */
const HOUR = DAY / 24;
/** Bytes that all files come to at most; older ones go first. */
const MOST_KEPT = 32 * 1024 ** 3;

interface Limits {
  readonly now?: number;
  readonly most?: number;
}

/**
 * Removes files that no operation waits for: those that nobody has asked for in a day, half ones among them, and the
 * oldest where all together take too much room.
 */
export async function collectGarbage(
  { places, mln }: Pick<Daemon, 'places' | 'mln'>,
  { now = Date.now(), most = MOST_KEPT }: Limits = {},
): Promise<void> {
  const { folder } = blobsOf(join(places.state, 'blobs'), mln.shell);
  const needed = await neededBlobs(join(places.state, 'operations'));
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(names.map((name) => fileOf(folder, name)));
  let kept = 0;
  for (const { path, name, at, bytes } of files.flatMap((each) => each ?? []).sort((one, other) => other.at - one.at)) {
    kept += bytes;
    const age = now - at;
    if (needed.has(name.slice(0, 64)) || age < HOUR || (age < DAY && kept <= most)) continue;
    kept -= bytes;
    await rm(path, { force: true });
  }
}

async function fileOf(folder: string, name: string) {
  const path = join(folder, name);
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? { path, name, at: found.mtimeMs, bytes: found.blocks * 512 } : null;
}

/** The digests that operations name which have not ended. */
async function neededBlobs(operations: string): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const id of await readdir(operations).catch(() => [])) {
    const folder = join(operations, id);
    if ((await stat(join(folder, 'outcome.json')).catch(() => null)) !== null) continue;
    const text = await readFile(join(folder, 'request.json'), 'utf8').catch(() => '');
    for (const [, sha256 = ''] of text.matchAll(/"sha256":\s*"([0-9a-f]{64})"/g)) needed.add(sha256);
  }
  return needed;
}
