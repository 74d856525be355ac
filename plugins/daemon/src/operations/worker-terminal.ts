import { failure, type OperationName, type Terminal } from '@mln/core';
import type { Cancellation } from './worker-cancel.js';
import type { LogWriter } from './log-file.js';

/** A terminal that writes into the log of an operation. Nobody can be asked anything there. */
export function logTerminal(log: LogWriter, cancellation: Cancellation, operation: OperationName): Terminal {
  return {
    print: (text) => {
      log.write({ kind: 'print', text });
    },
    json: (value) => {
      log.write({ kind: 'print', text: JSON.stringify(value, null, 2) });
    },
    note: (text) => {
      log.write({ kind: 'note', text });
    },
    confirm: (question) =>
      Promise.reject(
        failure('MLN_NOT_CONFIRMED', `${question} Nobody can be asked on a server.`, { hint: 'confirm with -y' }),
      ),
    report(progress) {
      log.write({ kind: 'progress', progress });
      // Guests that are begun are finished; those that are not, and all of the build, are left.
      if (operation === 'build' && progress.state === 'done') cancellation.check();
    },
  };
}

/** What is written to stderr while an operation runs belongs to its log: failures of verbs are told there. Gives the end of that. */
export function overhear(log: LogWriter): () => void {
  const usual = process.stderr.write.bind(process.stderr);
  let rest = '';
  const heard = (chunk: unknown): boolean => {
    const lines = `${rest}${Buffer.isBuffer(chunk) ? chunk.toString() : String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) log.write({ kind: 'note', text: lines.join('\n') });
    return true;
  };
  process.stderr.write = (chunk: unknown, ...more: readonly unknown[]): boolean => {
    const done = more.find((each) => typeof each === 'function') as (() => void) | undefined;
    done?.();
    return heard(chunk);
  };
  return () => {
    if (rest !== '') heard('\n');
    process.stderr.write = usual;
  };
}
