import { failure, isMlnError, messageOf, type CommandContext, type ExitCode, type Problem } from '@mln/core';
import type { OperationFolder, OutcomeMark, Stored } from './folder.js';
import type { LogWriter } from './log-file.js';
import type { Cancellation } from './worker-cancel.js';

/** A worker: the process that carries one operation out. */
export interface Work {
  /** Its terminal writes into the operation's log. */
  readonly context: CommandContext;
  readonly folder: OperationFolder;
  readonly stored: Stored;
  readonly log: LogWriter;
  readonly cancellation: Cancellation;
}

/** What an operation came to. */
export interface Ending {
  readonly state: OutcomeMark['state'];
  readonly exit: number;
}

/** What whatever was thrown is told as; a fault also stands, with its stack, in the worker's output. */
export function told(error: unknown): { readonly problems: readonly Problem[]; readonly exit: ExitCode } {
  if (isMlnError(error)) return error;
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return failure('MLN_FAULT', `this is a fault of mln: ${messageOf(error)}`);
}
