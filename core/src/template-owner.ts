import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { startTime } from './lock.js';

/*
 * What is unfinished in the repository has a hidden name that ends with its maker: process, start time, boot, a word of
 * chance, machine. So a name alone tells whether whoever made it still lives, and nothing can be half written. The
 * machine is a digest of its machine-id(5), which stays when it is given another name, or where it has none its name.
 *
 *   templates/.new.MAKER                   a version that is being made
 *   templates/.part-KEY.MAKER              a download that goes on; .part-KEY: one that stopped
 *   templates/NAME/.VERSION.gone.MAKER     a version that is being removed
 */

const pattern = /\.(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}-([^/]+)$/;

/** The end of a name for what this process makes; plug-ins mark with it what is not in a folder. */
export function makerTag(): string {
  const chance = randomBytes(4).toString('hex');
  return `.${process.pid}-${startTime(process.pid) ?? '0'}-${boot()}-${chance}-${machineId() ?? hostname()}`;
}

/** A name without its maker, and whether that one lives; of a process on another machine nobody knows that it is dead. */
export function splitMaker(
  name: string,
): { readonly what: string; readonly pid: number; readonly lives: boolean } | null {
  const match = pattern.exec(name);
  if (!match) return null;
  const [tag, pid, started, bootId, machine] = match;
  const here = machine === hostname() || machine === machineId();
  const lives = !here || (bootId === boot() && startTime(Number(pid)) === started);
  return { what: name.slice(0, -tag.length), pid: Number(pid), lives };
}

function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

/** Null where the machine has no id, as in some containers. */
function machineId(): string | null {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    // The id itself is not for others to see.
    return /^[0-9a-f]{32}$/.test(id) ? createHash('sha256').update(`mln ${id}`).digest('hex').slice(0, 32) : null;
  } catch {
    return null;
  }
}
