import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mln } from '../kernel.js';
import { operate } from '../operate.js';
import type { Failure, OperationEvent, Progress } from '../operation.js';
import type { Plan } from '../plan.js';
import type { Project } from '../project.js';
import { inOwnFolder } from './own-folder.js';
import type { Machine } from './memory-hypervisor.js';

/** How a start or a stop is tried. */
export interface OperationTrial {
  /** Names of hosts; all hosts and switches where left out. */
  readonly hosts?: readonly string[];
  /** Seconds: start, how long to wait until hosts are ready; stop, how long until the rest is destroyed. */
  readonly wait?: number;
  /** start: it is taken back where something fails. */
  readonly allOrNothing?: true;
  /** start: units of the hypervisor in memory that fail. */
  readonly failing?: readonly string[];
}

/** What a start or a stop has come to. */
export interface TriedOperation {
  /** What failed of single units. */
  readonly failures: readonly Failure[];
  /** What the `event` hook told, in its order. */
  readonly events: readonly OperationEvent[];
  /** What the user was told of its progress. */
  readonly progress: readonly Progress[];
}

/**
 * Starts or stops a project by the core's own way, on the machine in memory. Its scripts and its journal lie in a folder
 * that is taken away afterwards. Throws where nothing further could be done, as mln would.
 */
export function tryOperation(
  mln: Mln,
  machine: Machine,
  { project, plan }: { readonly project: Project; readonly plan: Plan },
  name: 'start' | 'stop',
  { failing = [], ...options }: OperationTrial,
): Promise<TriedOperation> {
  return inOwnFolder(async (folder) => {
    const directory = join(folder, project.name);
    writePlan(directory, plan);
    const first = machine.events.length;
    const progress: Progress[] = [];
    const placed = { ...project, directory };
    machine.operation = { directory, project, failing };
    try {
      const { failures } = await operate(mln, name, placed, { patience: 0, ...options }, (each) => progress.push(each));
      return { failures, events: machine.events.slice(first), progress };
    } finally {
      machine.operation = null;
    }
  });
}

function writePlan(directory: string, { files, units }: Plan): void {
  const all = [
    ...files.map((file) => ({ ...file, path: join(directory, file.path) })),
    ...units.flatMap(({ unit, files: its }) =>
      its.map((file) => ({ ...file, path: join(directory, unit.name, file.path) })),
    ),
  ];
  mkdirSync(directory, { recursive: true });
  for (const { path, text, executable } of all) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: executable ? 0o700 : 0o600 });
  }
}
