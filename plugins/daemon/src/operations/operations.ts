import type { Held } from './held.js';
import type { LogEntry, OperationRecord, OperationRequest, PhaseRequest, Principal } from '../protocol.js';

/** The operations of a daemon: accepted, carried out by workers in the background, and kept with their logs. */
export interface Operations {
  /** Accepts an operation: it is written down and on the disk when this returns. */
  accept(request: OperationRequest, principal: Principal, onBehalfOf: Principal | null): Promise<OperationRecord>;
  /** Has a part's worker do a phase; its end is in the log. */
  phase(id: string, request: PhaseRequest): Promise<void>;
  /** Ends it as soon as it can be ended in the old or the new state. */
  cancel(id: string): Promise<void>;
  list(): Promise<readonly OperationRecord[]>;
  /** Throws MLN_NO_OPERATION. */
  find(id: string): Promise<OperationRecord>;
  /** What is held of one that has not ended. Throws MLN_NO_OPERATION. */
  held(id: string): Readonly<Held>;
  /** The log behind entry number `after`, and (unless `follow` is false) what comes, until the operation has ended. */
  log(id: string, after: number, signal?: AbortSignal, follow?: boolean): AsyncIterable<LogEntry>;
  /** Finds what an earlier daemon left: workers that live are followed, what died is put right. Gives what is to be said. */
  resume(): Promise<readonly string[]>;
  /** Accepts nothing more, and waits until what runs has come to a good end, at most so many milliseconds. */
  drain(limit: number): Promise<void>;
}
