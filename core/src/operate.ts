import { setTimeout as pause } from 'node:timers/promises';
import { newOperation } from './announce.js';
import { failure, isMlnError, type Problem } from './errors.js';
import type { Mln } from './kernel.js';
import { keepJournal } from './operate-journal.js';
import { createServers, isOn } from './operate-servers.js';
import { stepsOf, type Upgrade } from './operate-steps.js';
import type { Operation, OperationName, OperationOptions, Outcome, Report } from './operation.js';
import { unitsOf, type Host, type Project, type Unit } from './project.js';

export interface OperateOptions extends OperationOptions {
  /** Names of hosts; all hosts and switches where left out. */
  readonly hosts?: readonly string[];
  readonly source?: string;
  /** Only what is on this machine, whatever the project's home. */
  readonly here?: boolean;
  /** build, upgrade: the project as it was built before; servers that it is no longer on remove their part of it. */
  readonly previous?: Project | null;
  readonly upgrade?: Upgrade;
}

/**
 * Carries out an operation: its steps one after the other, and within a step all servers at once. The caller holds the
 * project's lock here; other servers are asked to hold it from `prepare` to `release`. What fails on one of several
 * servers does not keep the others from going on, unless all or nothing is wanted. Gives what failed of single units
 * and servers; throws where nothing further could be done.
 */
export async function operate(
  mln: Mln,
  name: OperationName,
  project: Project,
  options: OperateOptions,
  report: Report,
): Promise<Outcome> {
  const { hosts, source = '', here = false, previous = null, upgrade, ...operationOptions } = options;
  const operation = newOperation(name, operationOptions);
  const whole = hosts === undefined;
  const units = unitsFor(name, project, hosts).filter((unit) => !here || isOn(mln, null, unit, project));
  const servers = createServers({ mln, operation, project, units, source, report, here, whole, previous });
  const journal = keepJournal(mln, operation, project, units);
  tell(mln, operation, project, 'begun', null);
  try {
    try {
      await servers.run({ phase: 'prepare', units, on: 'all' });
      await journal.begin();
      for (const step of stepsOf(name, { project, units, whole, upgrade }, operationOptions)) {
        if (servers.mustUndo()) break;
        if (step === 'pause') {
          await pause((operationOptions.sleep ?? 0) * 1000);
          continue;
        }
        await journal.phase(step.phase, step.units);
        await servers.run(step);
      }
      if (servers.mustUndo()) await servers.undo();
      else if (name === 'build' && previous !== null) await servers.leave(previous);
    } finally {
      await servers.release();
    }
    await journal.end(servers.failures.length > 0 ? 'failed' : 'done');
  } catch (error) {
    await journal.fail();
    tell(mln, operation, project, 'failed', isMlnError(error) ? (error.problems[0] ?? null) : null);
    throw error;
  }
  const { failures } = servers;
  tell(mln, operation, project, failures.length > 0 ? 'failed' : 'done', failures[0]?.problem ?? null);
  return { failures };
}

/** Hosts that are named, and for a start the switches that they are connected to; otherwise everything. */
function unitsFor(name: OperationName, project: Project, hosts: readonly string[] | undefined): readonly Unit[] {
  if (hosts === undefined) return unitsOf(project);
  const chosen = hosts.map((host) => requireHost(project, host));
  const connected = new Set(chosen.flatMap((host) => host.interfaces.map((each) => each.switch)));
  const switches = name === 'start' ? project.switches.filter((each) => connected.has(each.name)) : [];
  return [...switches, ...project.hosts.filter((host) => chosen.includes(host))];
}

export function requireHost(project: Project, name: string): Host {
  const found = project.hosts.find((host) => host.name === name);
  if (found) return found;
  throw failure('MLN_NO_UNIT', `the project ${project.name} has no host ${name}`, {
    hint: `its hosts are ${project.hosts.map((host) => host.name).join(', ')}`,
  });
}

function tell(
  mln: Mln,
  operation: Operation,
  project: Project,
  state: 'begun' | 'done' | 'failed',
  error: Problem | null,
): void {
  mln.hooks.event.call({ operation, project: project.name, unit: null, at: new Date().toISOString(), state, error });
}
