import { existsSync, rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemFailure } from './errors.js';

/** Gives checks room to try things out. */
export interface Scratch {
  /**
   * Makes a folder that belongs to the check alone, within the given one (TMPDIR where left out), or the nearest one above
   * it that is there. It is taken away when all checks are done.
   */
  folder(parent?: string): Promise<string>;
}

/** What the names of such folders begin with; the number of the process follows. */
const PREFIX = '.mln-doctor-';
/** Milliseconds that a folder of a dead process is left alone: the process may live where its number is another. */
const STALE = 300_000;

/** Signals that end mln. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Lends a scratch to some work, and takes all of it away afterwards, also when a signal ends mln. */
export async function withScratch<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const made = new Set<string>();
  const end = (signal: NodeJS.Signals): void => {
    // Programs that were begun may still write for a moment.
    for (const folder of made) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    unguard();
    process.kill(process.pid, signal);
  };
  const unguard = (): void => {
    for (const signal of endings) process.off(signal, end);
  };
  for (const signal of endings) process.on(signal, end);
  try {
    return await work({
      async folder(parent = tmpdir()) {
        const within = nearestFolder(parent);
        try {
          await sweep(within);
          const folder = await mkdtemp(join(within, `${PREFIX}${process.pid}-`));
          made.add(folder);
          return folder;
        } catch (error) {
          throw systemFailure(error, `nothing can be written in ${within}`, 'use another folder, or make it your own');
        }
      },
    });
  } finally {
    await Promise.all([...made].map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 10 })));
    unguard();
  }
}

/** Takes away what an mln that was killed has left in a folder. */
async function sweep(within: string): Promise<void> {
  const left = (await readdir(within)).filter((name) => {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    return !Number.isNaN(pid) && !existsSync(`/proc/${pid}`);
  });
  for (const path of left.map((name) => join(within, name)))
    if (Date.now() - (await lstat(path)).mtimeMs > STALE) await rm(path, { recursive: true, force: true });
}

/** A folder, or the nearest one above it that is there. */
export function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}
