import { statSync } from 'node:fs';
import { readOf, type Machine } from './monitor-machine.js';

/** Tells whether a process holds a file to itself by flock(2). */
export type IsLocked = (path: string) => boolean;

/** Reads the locks of a machine, proc(5), when the first file is asked for. Those who wait for one are no holders. */
export function readLocks(machine: Machine): IsLocked {
  let held: ReadonlySet<string> | undefined;
  return (path) => {
    held ??= new Set(holders(readOf(machine, 'proc/locks') ?? ''));
    const found = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (!found) return false;
    const [major, minor] = numbersOf(found.dev);
    // The locks of btrfs and overlayfs stand under another number than stat(2) gives.
    return held.has(`${hex(major)}:${hex(minor)}:${found.ino}`) || (major === 0n && held.has(String(found.ino)));
  };
}

/** Each file that is locked, as `fd:00:1234`, and as its inode alone. */
function* holders(text: string): Generator<string> {
  for (const [, device = '', inode = ''] of text.matchAll(
    /^\d+: FLOCK +\S+ +WRITE +\S+ ([0-9a-f]+:[0-9a-f]+):(\d+) /gm,
  ))
    yield* [`${device}:${inode}`, inode];
}

/** Major and minor number of a device, as makedev(3) has put them together. */
function numbersOf(dev: bigint): [major: bigint, minor: bigint] {
  return [((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n), (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)];
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0');
}
