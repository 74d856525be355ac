import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { failure, type Failure } from '@mln/core';
import { writeJournal } from '../../../../core/src/journal.js';
import type { Operations } from '../../src/operations/operations.js';
import type { LogContent, LogEntry, OperationRequest, PhaseRequest } from '../../src/protocol.js';

/** Operations in memory: a phase `hosts` makes hosts run, and says so in the project’s journal as mln does. */
export interface FakeOperations extends Pick<Operations, 'accept' | 'phase' | 'log'> {
  /** What was asked for: `start ring`, then phases with their units. */
  readonly asked: string[];
  /** Called before a phase is done; what it gives has failed of it. */
  before: (phase: PhaseRequest) => readonly Failure[] | Promise<readonly Failure[]>;
  /** Settled once an operation has ended that is accepted from now on. */
  ended(): Promise<void>;
  /** Who holds the project. */
  locked: boolean;
  /** How many logs are being read. */
  readers: number;
}

export function fakeOperations(projects: string, up: Set<string>): FakeOperations {
  const logs = new Map<string, LogEntry[]>();
  const projectOf = new Map<string, OperationRequest>();
  const told = new EventEmitter();
  const say = (id: string, content: LogContent): void => {
    const log = logs.get(id) ?? [];
    log.push({ number: log.length, at: '2026-01-01T00:00:00.000Z', ...content });
    told.emit('entry');
    if (content.kind === 'end') told.emit('ended');
  };
  const act = async (id: string, request: PhaseRequest): Promise<void> => {
    const project = projectOf.get(id)?.project ?? '';
    const { phase, units, number } = request;
    if (phase === 'release') {
      say(id, { kind: 'end', state: 'done', exit: 0 });
      return;
    }
    const failures = await fake.before(request);
    if (phase === 'hosts') {
      const entry = { operation: id, name: 'start', state: 'step', step: 'hosts', at: '', units } as const;
      await writeJournal(join(projects, project), entry);
      for (const unit of units) if (!failures.some((each) => each.unit === unit)) up.add(`${project}/${unit}`);
    }
    say(id, { kind: 'phase', phase: number, failures });
  };
  const fake: FakeOperations = {
    asked: [],
    locked: false,
    readers: 0,
    before: () => [],
    async ended() {
      await once(told, 'ended');
      // Whoever has waited for it goes on first.
      await new Promise((resolve) => setImmediate(resolve));
    },
    accept(request, principal, onBehalfOf) {
      const { operation, project, scope } = request;
      if (fake.locked) return Promise.reject(failure('MLN_LOCKED', `the project ${project} is being worked on`));
      const id = `op-${String(logs.size).padStart(8, '0')}`;
      logs.set(id, []);
      projectOf.set(id, request);
      fake.asked.push(`${operation} ${project}`);
      const at = '2026-01-01T00:00:00.000Z';
      if (onBehalfOf !== null) throw new Error('nobody asks for somebody else');
      return Promise.resolve({
        ...{ id, scope, operation, project, principal: principal.kind, onBehalfOf, parent: null, at, endedAt: null },
        state: 'running',
        exit: null,
      });
    },
    phase(id, request) {
      fake.asked.push(`${request.phase} ${request.units.join(',')}`.trim());
      void act(id, request);
      return Promise.resolve();
    },
    async *log(id) {
      fake.readers += 1;
      try {
        for (let number = 0; ; number += 1) {
          while (!logs.get(id)?.[number]) await once(told, 'entry');
          const entry = logs.get(id)?.[number];
          if (!entry) continue;
          yield entry;
          if (entry.kind === 'end') return;
        }
      } finally {
        fake.readers -= 1;
      }
    },
  };
  return fake;
}
