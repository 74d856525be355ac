import { randomUUID } from 'node:crypto';
import { writeJournal, type JournalEntry } from './journal.js';
import type { Mln } from './kernel.js';
import { userName } from './lock.js';
import type { Operation } from './operation.js';
import type { SteppedOperation, StepOf } from './steps.js';

/** Says what is about to be done: in the journal of a folder, on the disk, and then to whoever watches. */
export type Announce<O extends SteppedOperation> = (
  step: StepOf<O>,
  folder: string,
  details?: Pick<JournalEntry, 'units' | 'outside' | 'size'>,
) => Promise<void>;

/**
 * On a full disk nothing more can be written down: what stops, removes and puts right must be possible all the same,
 * and what is done is not undone for that.
 */
const forgiven: readonly string[] = ['stop', 'remove', 'recover', 'placeDisks', 'removeOld', 'end'];

/** Gives what announces the steps of an operation on a project, or (null) on no project. */
export function announcer<O extends SteppedOperation>(
  mln: Mln,
  operation: Operation,
  name: O,
  project: string | null,
): Announce<O> {
  return async (step, folder, details = {}) => {
    const at = new Date().toISOString();
    const written = writeJournal(folder, { operation: operation.id, name, state: 'step', step, at, ...details });
    await (forgiven.includes(name) || forgiven.includes(step) ? written.catch(() => undefined) : written);
    mln.hooks.event.call({ operation, project, unit: null, at, state: 'step', step, error: null });
  };
}

/** Writes how an operation has ended. What is done stays so where this cannot be written: the next command finds out. */
export async function journalEnd(
  { id, name }: Pick<Operation, 'id' | 'name'>,
  folder: string,
  state: 'done' | 'failed' | 'settled',
): Promise<void> {
  await writeJournal(folder, { operation: id, name, state, at: new Date().toISOString() }).catch(() => undefined);
}

/** Gives what announces the steps in which a template comes into the repository. */
export function templateAnnouncer(mln: Mln): Announce<'template add'> {
  return announcer(mln, newOperation('template add'), 'template add', null);
}

/** A new operation of the calling user. */
export function newOperation(name: string, options: Operation['options'] = {}): Operation {
  return { id: randomUUID(), name, user: userName(), at: new Date().toISOString(), options };
}
