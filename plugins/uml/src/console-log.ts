import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a console's end that are looked at: what a guest says of itself stands there. */
const TAIL = 256 * 1024;

/** The end of what a guest has written on its console; empty where there is nothing. */
export function endOfLog(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer;
  } finally {
    closeSync(file);
  }
}

/** What a guest that has died without a word of mln has died of, where its kernel says so. */
export function causeOfDeath(log: string): string | null {
  if (/^<3>Bus error - the host|Kernel panic - not syncing: Kernel mode signal 7/m.test(log))
    return 'no memory was left where guests have theirs, TMPDIR or /dev/shm';
  const panic = /Kernel panic - not syncing: ([^\r\n]*)/.exec(log)?.[1];
  return panic === undefined ? null : `its kernel panicked: ${panic}`;
}
