import { failure, isHere, loadOperating, MlnError, type Failure, type Host, type Mln, type Project } from '@mln/core';
import type { Operations } from '../operations/operations.js';
import type { LogEntry, OperationRecord, Principal } from '../protocol.js';

const local: Principal = { kind: 'local', name: 'local' };
/** Milliseconds after which a phase that goes on is asked for again: whoever carries it out hears that somebody waits. */
const SIGN_OF_LIFE = 20_000;

export interface StartOptions {
  readonly mln: Mln;
  readonly operations: Pick<Operations, 'accept' | 'phase' | 'log'>;
  readonly project: Project;
  /** In boot order. */
  readonly hosts: readonly Host[];
  /** With the project's own commands: nothing of it runs here. */
  readonly whole: boolean;
  /** Called as soon as the operation is accepted. */
  begun(id: string): void;
  /** Asked while the project is held: which of the hosts are still to be started. */
  still(): Promise<readonly Host[]>;
  /** Nothing further is to be begun. */
  readonly signal: AbortSignal;
}

/**
 * Starts hosts of this server with their switches, as an operation of its own whose parts on other servers are left alone.
 * Gives what failed of single hosts. Throws what kept all of them from being started, MLN_LOCKED where others work on the project.
 */
export async function startHere(options: StartOptions): Promise<readonly Failure[]> {
  const { mln, operations, project, signal } = options;
  const record = await operations.accept(
    { scope: 'part', operation: 'start', options: {}, project: project.name },
    local,
    null,
  );
  options.begun(record.id);
  const phases = createPhases(operations, record);
  try {
    await phases.run('prepare', names(options.hosts));
    const hosts = await options.still();
    const wanted = new Set(hosts.flatMap(({ interfaces }) => interfaces.map((each) => each.switch)));
    const switches = project.switches.filter((each) => wanted.has(each.name) && isHere(mln, each, project));
    const whole = options.whole && hosts.length === options.hosts.length;
    const { stepsOf } = await loadOperating();
    const failures: Failure[] = [];
    for (const step of stepsOf('start', { project, units: [...switches, ...hosts], whole }, {})) {
      if (signal.aborted || hosts.length === 0 || step === 'pause') break;
      const failed = await phases.run(step.phase, names(step.units));
      // Hosts are not started where a switch does not run.
      if (step.phase === 'switches') refuse(failed.filter(({ unit }) => switches.some(({ name }) => name === unit)));
      failures.push(...failed);
    }
    return failures;
  } finally {
    await phases.end();
  }
}

function names(units: readonly { readonly name: string }[]): readonly string[] {
  return units.map(({ name }) => name);
}

interface Phases {
  /** Has a phase done, and gives what failed of single units. Throws what failed of it as a whole. */
  run(phase: string, units: readonly string[]): Promise<readonly Failure[]>;
  /** Lets go of the project, and waits until that is done. */
  end(): Promise<void>;
}

function createPhases({ phase: ask, log }: StartOptions['operations'], { id }: OperationRecord): Phases {
  const entries = log(id, -1)[Symbol.asyncIterator]();
  let number = 0;
  let ended = false;
  const next = async (): Promise<LogEntry | null> => {
    const result: IteratorResult<LogEntry, unknown> = await entries.next();
    if (result.done !== true && result.value.kind !== 'end') return result.value;
    ended = true;
    return null;
  };
  return {
    async run(phase, units) {
      const request = { number, phase, units };
      number += 1;
      await ask(id, request);
      const timer = setInterval(() => void ask(id, request).catch(() => undefined), SIGN_OF_LIFE);
      try {
        for (let entry = await next(); entry; entry = await next()) {
          if (entry.kind === 'error' && (entry.phase === null || entry.phase === request.number))
            throw new MlnError(entry.problems);
          if (entry.kind === 'phase' && entry.phase === request.number) return entry.failures;
        }
      } finally {
        clearInterval(timer);
      }
      throw failure('MLN_DAEMON', `the start ${id} ended before its ${phase}`);
    },
    async end() {
      if (!ended) await ask(id, { number, phase: 'release', units: [] }).catch(() => undefined);
      while (!ended) await next();
      // Nobody reads its log any more.
      await entries.return?.();
    },
  };
}

function refuse(failures: readonly Failure[]): void {
  if (failures.length > 0) throw new MlnError(failures.map(({ problem }) => problem));
}
