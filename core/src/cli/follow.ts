import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds between two looks at a log that is followed. */
const LOOK = 50;

export interface FollowOptions {
  /** Goes on as the log grows, until the signal or for ever. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** Starts at the last bytes of the log. */
  readonly tail?: number;
}

export function logExists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Hands on what a log holds, and what it gets. A log that begins anew (its host was started again) is read from its beginning. */
export async function followLog(
  path: string,
  write: (bytes: Buffer) => void,
  { follow, signal, tail }: FollowOptions,
): Promise<void> {
  let file = openSync(path, 'r');
  let at = tail === undefined ? 0 : Math.max(0, fstatSync(file).size - tail);
  const buffer = Buffer.alloc(64 * 1024);
  try {
    for (;;) {
      for (
        let read = readSync(file, buffer, 0, buffer.length, at);
        read > 0;
        read = readSync(file, buffer, 0, buffer.length, at)
      ) {
        write(Buffer.from(buffer.subarray(0, read)));
        at += read;
      }
      if (!follow || signal?.aborted) return;
      await pause(LOOK);
      if (isReplaced(file, path)) {
        closeSync(file);
        [file, at] = [openSync(path, 'r'), 0];
      }
    }
  } finally {
    closeSync(file);
  }
}

function isReplaced(file: number, path: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.ino !== fstatSync(file).ino;
}
