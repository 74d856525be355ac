import { setTimeout as pause } from 'node:timers/promises';
import { newOperation } from './announce.js';
import type { HookBlock } from './core-keywords.js';
import { failure, isMlnError, MlnError, type Problem } from './errors.js';
import type { Mln } from './kernel.js';
import { keepJournal } from './operate-journal.js';
import type { Failure, Operation, OperationName, OperationOptions, Outcome, Part, Phase, Report } from './operation.js';
import { unitsOf, type Host, type Project, type Unit } from './project.js';

export interface OperateOptions extends OperationOptions {
  /** Names of hosts; all hosts and switches where left out. */
  readonly hosts?: readonly string[];
  readonly source?: string;
}

/** One step of an operation: what has to be over on all servers before the next begins. */
interface Step {
  readonly phase: Phase;
  readonly units: readonly Unit[];
}

/**
 * Carries out an operation: its steps one after the other, and within a step all servers at once. The caller holds
 * the project's lock. Gives what failed of single units; throws where nothing further could be done.
 */
export async function operate(
  mln: Mln,
  name: OperationName,
  project: Project,
  options: OperateOptions,
  report: Report,
): Promise<Outcome> {
  const { hosts, source = '', ...operationOptions } = options;
  const operation = newOperation(name, operationOptions);
  const units = unitsFor(name, project, hosts);
  const run = runner(mln, operation, project, source, report);
  const failures: Failure[] = [];
  const journal = keepJournal(mln, operation, project, units);
  tell(mln, operation, project, 'begun', null);
  try {
    await run({ phase: 'prepare', units });
    await journal.begin();
    for (const step of stepsOf(name, units, hosts === undefined, operationOptions)) {
      if (step === 'pause') {
        await pause((operationOptions.sleep ?? 0) * 1000);
        continue;
      }
      if (name === 'stop' && step.phase === 'switches' && failures.length > 0) break;
      await journal.phase(step.phase, step.units);
      const outcome = await run(step);
      failures.push(...outcome.failures);
      if (name === 'start' && failures.some(({ unit }) => project.switches.some((each) => each.name === unit))) break;
    }
    await journal.end(failures.length > 0 ? 'failed' : 'done');
  } catch (error) {
    await journal.fail();
    tell(mln, operation, project, 'failed', isMlnError(error) ? (error.problems[0] ?? null) : null);
    throw error;
  }
  tell(mln, operation, project, failures.length > 0 ? 'failed' : 'done', failures[0]?.problem ?? null);
  return { failures };
}

/** Runs one step on all its servers at once. */
function runner(
  mln: Mln,
  operation: Operation,
  project: Project,
  source: string,
  report: Report,
): (step: Step) => Promise<Outcome> {
  return async ({ phase, units }) => {
    const servers = [...new Set(units.map((unit) => serverOf(unit, project)))];
    const parts = servers.map((server): Part => ({
      server,
      phase,
      units: units.filter((unit) => serverOf(unit, project) === server),
      project,
      source,
    }));
    const outcomes = await Promise.allSettled(parts.map((part) => executeOne(mln, operation, part, report)));
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const bug = errors.find((error) => !isMlnError(error));
    if (bug !== undefined) throw bug as Error;
    if (errors.length > 0)
      throw new MlnError(
        errors.filter(isMlnError).flatMap((error) => error.problems),
        { cause: errors[0] },
      );
    return { failures: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value.failures : [])) };
  };
}

async function executeOne(mln: Mln, operation: Operation, part: Part, report: Report): Promise<Outcome> {
  const outcome = await mln.hooks.execute.promise(operation, part, report);
  if (outcome) return outcome;
  throw failure(
    'MLN_NO_SERVER',
    `no plug-in reaches the service host ${part.server ?? ''}, where ${part.units.map((unit) => unit.name).join(', ')} belong`,
    {
      hint: 'load @mln/plugin-daemon, or set service_host in the configuration where this is that server',
    },
  );
}

/** The server that a unit belongs to; null is this one. */
function serverOf(unit: Unit, project: Project): string | null {
  return unit.serviceHost === null || unit.serviceHost === project.home ? null : unit.serviceHost;
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

/** The order of things: switches before hosts, hosts by boot order, a stop in reverse; hook blocks only for whole projects. */
function stepsOf(
  name: OperationName,
  units: readonly Unit[],
  whole: boolean,
  options: OperationOptions,
): (Step | 'pause')[] {
  if (name !== 'start' && name !== 'stop') return [{ phase: name, units }];
  const hook = (phase: HookBlock): Step[] => (whole ? [{ phase, units }] : []);
  const switches: Step[] = [{ phase: 'switches', units: units.filter((unit) => unit.kind === 'switch') }].filter(
    (step) => step.units.length > 0,
  );
  const hosts = hostSteps(
    units.filter((unit) => unit.kind === 'host'),
    options,
  );
  if (name === 'start')
    return [
      ...hook('beforeProjectStart'),
      ...switches,
      ...hook('beforeHostsStart'),
      ...hosts,
      ...hook('afterHostsStart'),
      ...hook('afterProjectStart'),
    ];
  return [
    ...hook('beforeProjectStop'),
    ...hook('beforeHostsStop'),
    ...hosts.reverse(),
    ...hook('afterHostsStop'),
    ...(whole ? switches : []),
    ...hook('afterProjectStop'),
  ];
}

/** Hosts of one boot order side by side; with a pause, one after the other over all servers. */
function hostSteps(hosts: readonly Host[], options: OperationOptions): (Step | 'pause')[] {
  const groups: Host[][] = [];
  for (const host of hosts) {
    const last = groups.at(-1);
    if (last && last[0]?.bootOrder === host.bootOrder && !options.sleep) last.push(host);
    else groups.push([host]);
  }
  const steps = groups.map((units): Step => ({ phase: 'hosts', units }));
  return options.sleep ? steps.flatMap((step, index) => (index === 0 ? [step] : ['pause' as const, step])) : steps;
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
