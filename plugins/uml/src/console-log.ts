import { panicTold } from '@mln/core';

/** What a guest that has died without a word of mln has died of, where its kernel says so. */
export function causeOfDeath(log: string): string | null {
  if (/^<3>Bus error - the host|Kernel panic - not syncing: Kernel mode signal 7/m.test(log))
    return 'no memory was left where guests have theirs, TMPDIR or /dev/shm';
  return panicTold(log);
}
