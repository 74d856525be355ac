import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { startTime } from './lock.js';

/*
 * What is unfinished in the repository has a hidden name that ends with its maker: process, start time, boot, a word of
 * chance, machine. So a name alone tells whether whoever made it still lives, and nothing can be half written.
 *
 *   templates/.new.MAKER                   a version that is being made
 *   templates/.part-KEY.MAKER              a download that goes on; .part-KEY: one that stopped
 *   templates/NAME/.VERSION.gone.MAKER     a version that is being removed
 */

const pattern = /\.(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}-([^/]+)$/;

/** The end of a name for what this process makes. */
export function makerTag(): string {
  const chance = randomBytes(4).toString('hex');
  return `.${process.pid}-${startTime(process.pid) ?? '0'}-${boot()}-${chance}-${hostname()}`;
}

/** A name without its maker, and whether that one lives; of a process on another machine nobody knows that it is dead. */
export function splitMaker(
  name: string,
): { readonly what: string; readonly pid: number; readonly lives: boolean } | null {
  const match = pattern.exec(name);
  if (!match) return null;
  const [tag, pid, started, bootId, host] = match;
  const lives = host !== hostname() || (bootId === boot() && startTime(Number(pid)) === started);
  return { what: name.slice(0, -tag.length), pid: Number(pid), lives };
}

function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}
