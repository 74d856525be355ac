import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isMlnError, loadOperating, readIfThere, writeAtomically } from '@mln/core';

/** Tells which process the daemon of a state folder is; the lock itself is the core's. */
const FILE = 'daemon.lock';

/**
 * Takes a state folder for this process; what it gives lets go of it. What a dead daemon left is replaced. Throws MLN_DAEMON,
 * naming the process, where a living one has it.
 */
export async function holdState(state: string): Promise<() => Promise<void>> {
  const path = join(state, FILE);
  const { takeLock } = await loadOperating();
  try {
    const lock = await takeLock(state, 'daemon', 'mln daemon');
    await writeAtomically(path, `${process.pid}\n`);
    return async () => {
      await rm(path, { force: true });
      lock.release();
    };
  } catch (error) {
    if (!isMlnError(error) || error.code !== 'MLN_LOCKED') throw error;
    const pid = (await readIfThere(path))?.trim() ?? '';
    throw failure('MLN_DAEMON', `a daemon runs already${pid === '' ? '' : `: process ${pid}`}`, {
      cause: error,
      hint: `it has ${state}; kill -TERM ${pid || 'PID'} ends it, kill -HUP ${pid || 'PID'} has it read its configuration anew`,
    });
  }
}
