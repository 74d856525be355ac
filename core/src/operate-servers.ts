import { newOperation } from './announce.js';
import { Exit } from './codes.js';
import { failure, isMlnError, MlnError } from './errors.js';
import type { Mln } from './kernel.js';
import type { Step } from './operate-steps.js';
import type { Failure, Operation, Outcome, Part, Report } from './operation.js';
import { unitsOf, type Project, type Unit } from './project.js';
import { isThisServer, serversOf, type Server } from './servers.js';

/** What an operation is given. */
export interface Given {
  readonly mln: Mln;
  readonly operation: Operation;
  readonly project: Project;
  readonly units: readonly Unit[];
  readonly source: string;
  readonly report: Report;
  readonly here: boolean;
  readonly whole: boolean;
  readonly previous: Project | null;
}

/** The servers of an operation, and what has failed on them. This machine is the server null. */
export interface Servers {
  readonly failures: readonly Failure[];
  /** Has servers do their parts of a step, all at once. One that fails is left out of what follows. */
  run(step: Step): Promise<void>;
  /** Whether what was done is to be taken back: all or nothing is wanted, or home has no project of what is built. */
  mustUndo(): boolean;
  /** Takes back what was done, and throws what has failed. */
  undo(): Promise<void>;
  /** Has servers remove their part of an earlier build, where the new one has none: it is in place by now. */
  leave(previous: Project): Promise<void>;
  /** All servers are told that it is over; what they say to that no longer matters. */
  release(): Promise<void>;
}

export function createServers(given: Given): Servers {
  const { mln, operation, units } = given;
  const all = serversFor(given);
  const working = all.filter((server) => isMade(given) || partOf(given, server, { phase: '', units }).units.length > 0);
  const lost = new Set<Server>();
  const failures: Failure[] = [];
  let committed = false;

  const takePart = ({ on, units: its, unless, of }: Step): readonly Server[] => {
    const failed = new Set(unless === undefined ? [] : failures.map(({ server = null }) => server));
    if (unless === 'failed' && failed.size > 0) return [];
    return all.filter((server) => {
      if (lost.has(server) || failed.has(server)) return false;
      if (on === 'all') return true;
      if (on !== undefined) return (on === 'this') === (server === null);
      return its.some((unit) => isOn(mln, server, unit, projectOf(given, of)));
    });
  };
  const runOn = async (servers: readonly Server[], step: Step): Promise<readonly MlnError[]> => {
    const parts = servers.map((server) => partOf(given, server, step));
    const outcomes = await Promise.allSettled(parts.map((part) => execute(given, part)));
    const nobody = outcomes.findIndex((each) => each.status === 'fulfilled' && each.value === undefined);
    if (nobody >= 0) throw nobodyReaches(parts[nobody]);
    const errors: MlnError[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const server = servers[index] ?? null;
      const [error, its] = outcomeOf(outcome);
      if (error) errors.push(error);
      if (error || breaks(given, step, its)) lost.add(server);
      failures.push(...[...its, ...asFailures(error)].map((each) => onServer(each, server)));
    }
    return errors;
  };

  return {
    failures,
    async run(step) {
      const servers = takePart(step);
      const errors = await runOn(servers, step);
      if (step.phase === 'commit' && servers.some((server) => !lost.has(server))) committed = true;
      const nothingLeft = working.every((server) => lost.has(server)) && failures.every(({ unit }) => unit === null);
      // What an upgrade has begun is taken back first.
      if (errors.length > 0 && nothingLeft && (operation.name !== 'upgrade' || committed))
        throw together(failures, errors);
    },
    mustUndo() {
      if (failures.length === 0 || committed) return false;
      if (operation.name === 'upgrade') return true;
      const wanted = operation.options.allOrNothing === true && ['build', 'start'].includes(operation.name);
      return wanted || (operation.name === 'build' && lost.has(null));
    },
    async undo() {
      // A build that failed on a server is taken back there already.
      const servers = all.filter((server) => operation.name !== 'build' || !lost.has(server));
      const told = [...failures];
      await runOn(servers, { phase: 'undo', units });
      if (failures.length === told.length)
        given.report({
          server: null,
          unit: null,
          state: 'note',
          text: `the ${operation.name} is taken back everywhere`,
        });
      const error = together(failures);
      // Nothing was changed: it has failed, and is not done in part.
      if (operation.name === 'upgrade' && error.exit === Exit.partly)
        throw new MlnError(error.problems, { exit: Exit.failed });
      throw error;
    },
    async leave(previous) {
      const before = unitsOf(previous).flatMap((unit) => serversOf(unit, previous).map((each) => local(mln, each)));
      const left = [...new Set(before)].filter((server) => server !== null && !all.includes(server));
      const told = await Promise.all(left.map(async (server) => removeThere(given, server, previous)));
      failures.push(...told.flat());
    },
    async release() {
      await Promise.allSettled(all.map((server) => execute(given, partOf(given, server, { phase: 'release', units }))));
    },
  };
}

function partOf(
  given: Given,
  server: Server,
  { phase, units, of }: Step,
  project: Project = projectOf(given, of),
): Part {
  const { mln, operation, source, previous } = given;
  const its = units.filter((unit) => isOn(mln, server, unit, project));
  return { server, phase, units: its, project, source, ...(operation.name === 'upgrade' ? { previous } : {}) };
}

/** The project whose units a step has. */
function projectOf({ project, previous }: Given, of: Step['of']): Project {
  return of === 'previous' && previous ? previous : project;
}

/** It is made on every server of the project, also where there is nothing to make. */
function isMade({ operation }: Given): boolean {
  return operation.name === 'build' || operation.name === 'upgrade';
}

/** The servers of the units, and this one where the project is at home: it has the project's own files. */
function serversFor({ mln, operation, project, units, here, whole, previous }: Given): readonly Server[] {
  if (here) return [null];
  const atHome = isThisServer(mln, project.home) && (whole || ['build', 'upgrade', 'remove'].includes(operation.name));
  const serving = (its: readonly Unit[], of: Project): readonly Server[] =>
    its.flatMap((unit) => serversOf(unit, of).map((server) => local(mln, server)));
  const before = operation.name === 'upgrade' && previous ? serving(unitsOf(previous), previous) : [];
  return [...new Set<Server>([...(atHome ? [null] : []), ...serving(units, project), ...before])];
}

async function removeThere(given: Given, server: Server, project: Project): Promise<readonly Failure[]> {
  const removal = { ...given, operation: newOperation('remove') };
  const act = (phase: string): Promise<Outcome> =>
    executeOn(removal, partOf(given, server, { phase, units: unitsOf(project) }, project));
  try {
    await act('prepare');
    return (await act('remove')).failures.map((each) => onServer(each, server));
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return asFailures(error).map((each) => onServer(each, server));
  } finally {
    await act('release').catch(() => undefined);
  }
}

function asFailures(error: MlnError | null): readonly Failure[] {
  return (error?.problems ?? []).map((problem) => ({ unit: null, problem }));
}

function onServer(failed: Failure, server: Server): Failure {
  return server === null ? failed : { ...failed, server };
}

/** This machine is called null, whatever its name. */
function local(mln: Mln, server: Server): Server {
  return isThisServer(mln, server) ? null : server;
}

export function isOn(mln: Mln, server: Server, unit: Unit, project: Project): boolean {
  return serversOf(unit, project).some((each) => local(mln, each) === server);
}

/** A start does not go on where a switch does not run. */
function breaks({ operation, project }: Given, { phase }: Step, failures: readonly Failure[]): boolean {
  if (operation.name !== 'start' || phase !== 'switches') return false;
  return failures.some(({ unit }) => project.switches.some(({ name }) => name === unit));
}

function outcomeOf(
  outcome: PromiseSettledResult<Outcome | undefined>,
): [error: MlnError | null, failures: readonly Failure[]] {
  if (outcome.status === 'fulfilled') return [null, outcome.value?.failures ?? []];
  if (!isMlnError(outcome.reason)) throw outcome.reason as Error;
  return [outcome.reason, []];
}

/** All that has failed as one error; the first of the errors says how the command ends. */
function together(failures: readonly Failure[], [first]: readonly MlnError[] = []): MlnError {
  return new MlnError(
    failures.map(({ problem }) => problem),
    { cause: first, ...(first === undefined ? {} : { exit: first.exit }) },
  );
}

function execute({ mln, operation, report }: Given, part: Part): Promise<Outcome | undefined> {
  return mln.hooks.execute.promise(operation, part, report);
}

async function executeOn(given: Given, part: Part): Promise<Outcome> {
  const outcome = await execute(given, part);
  if (outcome) return outcome;
  throw nobodyReaches(part);
}

function nobodyReaches(part: Part | undefined): Error {
  const names = part?.units.map((unit) => unit.name).join(', ') ?? '';
  return failure(
    'MLN_NO_SERVER',
    `no plug-in reaches the service host ${part?.server ?? ''}${names && `, where ${names} belong`}`,
    {
      hint: 'load @mln/plugin-daemon, or set service_host in the configuration where this is that server',
    },
  );
}
