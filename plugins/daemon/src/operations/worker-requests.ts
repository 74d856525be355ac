import { statSync, watch } from 'node:fs';
import { readPhase, type OperationFolder } from './folder.js';
import type { PhaseRequest } from '../protocol.js';

/** Milliseconds in which whoever coordinates must be heard of, and between two looks. */
const LEASE = 60_000;
const POLL = 500;

/**
 * Waits for a phase to be asked for. Null where nothing is heard for a minute, neither that phase nor a sign of life, or
 * where the operation is cancelled.
 */
export async function nextPhase(
  folder: OperationFolder,
  number: number,
  signal: AbortSignal,
  lease = LEASE,
): Promise<PhaseRequest | null> {
  let wake: () => void = () => undefined;
  const told = (): void => {
    wake();
  };
  const watcher = watch(folder.requests, told).on('error', () => undefined);
  const timer = setInterval(told, POLL);
  signal.addEventListener('abort', told);
  try {
    let [heard, since] = [lifeOf(folder), performance.now()];
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const found = await readPhase(folder, number);
      if (found) return found;
      const now = lifeOf(folder);
      if (now !== heard) [heard, since] = [now, performance.now()];
      if (performance.now() - since >= lease) return null;
      await woken;
    }
    return null;
  } finally {
    watcher.close();
    clearInterval(timer);
    signal.removeEventListener('abort', told);
  }
}

function lifeOf({ requests }: OperationFolder): number {
  return statSync(requests).mtimeMs;
}
