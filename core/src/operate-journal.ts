import { announcer } from './announce.js';
import { shortenJournal, writeJournal, type JournalEntry } from './journal.js';
import type { Mln } from './kernel.js';
import type { Operation, Phase } from './operation.js';
import type { Project, Unit } from './project.js';
import { steps, type StepOf } from './steps.js';

/** The journal of an operation while it is carried out. */
interface OperationJournal {
  begin(): Promise<void>;
  /** Before a phase: it is a step of the operation, if it is one of those that are known. */
  phase(phase: Phase, units: readonly Unit[]): Promise<void>;
  /** All is done; what is left is to say so. */
  end(state: 'done' | 'failed'): Promise<void>;
  /** What went wrong first is what is told: that this cannot be written is not. */
  fail(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Keeps the journal in the project's folder. Builds, upgrades and removals write on their own way. */
export function keepJournal(
  mln: Mln,
  operation: Operation,
  project: Project,
  units: readonly Unit[],
): OperationJournal {
  const { id, name } = operation;
  if (name === 'build' || name === 'upgrade' || name === 'remove')
    return { begin: nothing, phase: nothing, end: nothing, fail: nothing };
  const folder = project.directory;
  const write = async (state: JournalEntry['state']): Promise<void> => {
    const entry = { operation: id, name, state, at: new Date().toISOString(), units: namesOf(units) };
    await writeJournal(folder, entry);
  };
  // Hosts are stopped on a full disk too.
  const must = async (act: () => Promise<void>): Promise<void> => {
    await (name === 'stop' ? act().catch(() => undefined) : act());
  };
  const stepped = name === 'start' ? 'start' : name === 'stop' ? 'stop' : null;
  const announce = stepped && announcer(mln, operation, stepped, project.name);
  return {
    begin: () =>
      must(async () => {
        await shortenJournal(folder);
        await write('begun');
      }),
    async phase(phase, its) {
      const step = phase === 'hosts' && operation.options.save ? 'save' : phase;
      // What joins switches is the daemon's, and found out again by it.
      if (!announce || !(steps[stepped] as readonly string[]).includes(step)) return;
      await announce(step as StepOf<'start' | 'stop'>, folder, { units: namesOf(its) });
    },
    async end(state) {
      await announce?.('end', folder);
      await must(() => write(state));
    },
    fail: () => write('failed').catch(() => undefined),
  };
}

function namesOf(units: readonly Unit[]): readonly string[] {
  return units.map((unit) => unit.name);
}
