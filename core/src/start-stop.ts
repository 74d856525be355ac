import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { announcer } from './announce.js';
import { statusesOf } from './monitor.js';
import type { Failure, Operation, Outcome } from './operation.js';
import type { Unit } from './project.js';
import { problem, runScripts, type Execution } from './run-scripts.js';
import { SAVE_LIMIT, saveHosts } from './save.js';
import { keepsMemory } from './saved.js';
import { announceAll } from './template-users.js';
import { unknownStatus, type Status } from './status.js';
import { applyPending } from './upgrade/pending.js';

/** Milliseconds between two looks at what still runs. */
const POLL = 100;
/** Seconds in which a host that was halted must be gone. */
const GRACE = 8;
/** Milliseconds that every host is given to react where nothing is destroyed, however late its turn comes. */
const LEAST = 5000;
/** Seconds after which a host that still runs is asked again to shut down: at the first time its kernel may not have listened. */
const ASK_AGAIN = 3;

/** Seconds after which hosts are destroyed whose start is taken back. */
const UNDO = 10;

/** What operations that may be taken back have found down. */
const foundDown = new WeakMap<Operation, Set<string>>();

/** Starts the units of a part; with `wait`, until its hosts are ready or the time of the whole operation is over. */
export async function startUnits(execution: Execution): Promise<Outcome> {
  const { mln, part, operation } = execution;
  if (operation.options.allOrNothing) await rememberDown(execution);
  if (part.phase !== 'hosts') return startSwitches(execution);
  const { term, wait } = operation.options;
  const old = await applyPending(
    mln,
    part.project.directory,
    part.units.map((unit) => unit.name),
  );
  const names = part.units.map((unit) => unit.name).filter((name) => !old.some(({ unit }) => unit === name));
  const args = term === undefined ? [] : [term];
  // Its templates are told where the project is by now.
  await announceAll(join(mln.folders.projects, part.project.name), part.project.hosts);
  // What was saved without a limit is restored without one.
  const limit = names.some((name) => keepsMemory(part.project, name)) ? { limit: SAVE_LIMIT } : {};
  const outcome = await runScripts(execution, names, { script: 'start', args, done: 'started', ...limit });
  if (wait === undefined) return { failures: [...old, ...outcome.failures] };
  const failed = new Set(outcome.failures.map((each) => each.unit));
  const started = names.filter((name) => !failed.has(name));
  const left = wait - (performance.now() - execution.begun) / 1000;
  const late = await waitFor(execution, started, left, (status) => status.ready === true);
  return { failures: [...old, ...outcome.failures, ...late.map(([name, status]) => notReady(name, status, wait))] };
}

async function rememberDown({ mln, part, operation }: Execution): Promise<void> {
  const statuses = await statusesOf(mln, part.project, part.units);
  const down = foundDown.get(operation) ?? new Set();
  for (const { name } of part.units) if (statuses.get(name)?.state === 'down') down.add(name);
  foundDown.set(operation, down);
}

/** Stops what this start has begun to start; what ran before goes on. */
export async function undoStart(execution: Execution): Promise<Outcome> {
  const { operation, part } = execution;
  const down = foundDown.get(operation);
  const units = part.units.filter(({ name }) => down?.has(name));
  const stopping = (kind: Unit['kind']): Execution => ({
    ...execution,
    operation: { ...operation, name: 'stop', options: { wait: UNDO } },
    part: { ...part, units: units.filter((unit) => unit.kind === kind) },
    begun: performance.now(),
  });
  const { failures } = await stopHosts(stopping('host'));
  return failures.length > 0 ? { failures } : stopSwitches(stopping('switch'));
}

/** A host that ran while its switch was down has lost it: its card finds a new one only when the host is started again. */
async function startSwitches(execution: Execution): Promise<Outcome> {
  const { mln, part } = execution;
  const switches = part.units.filter((unit) => unit.kind === 'switch');
  const hosts = part.project.hosts.filter(({ name }) =>
    switches.some(({ ports }) => ports.some(([host]) => host === name)),
  );
  const before = await statusesOf(mln, part.project, [...switches, ...hosts]);
  const outcome = await runScripts(
    execution,
    switches.map(({ name }) => name),
    { script: 'start', done: 'started' },
  );
  const cutOff = switches
    .filter(({ name }) => before.get(name)?.state === 'down')
    .flatMap(({ name, ports }) =>
      ports.filter(([host]) => before.get(host)?.state === 'up').map(([host]) => ({ host, name })),
    );
  const lost = cutOff.map(({ host, name }): Failure => ({
    unit: host,
    problem: problem(
      'MLN_NOT_UP',
      `${host} ran while its switch ${name} was down, and cannot be reached through it`,
      `mln restart -p ${part.project.name} -h ${host}`,
    ),
  }));
  return { failures: [...outcome.failures, ...lost] };
}

function notReady(name: string, status: Status | undefined, wait: number): Failure {
  const died = status?.state === 'down';
  return {
    unit: name,
    problem: problem(
      'MLN_NOT_UP',
      died
        ? `${name} went down while it booted${status.detail === null ? '' : `: ${status.detail}`}`
        : `${name} was not ready after ${wait} s${status?.detail ? `: ${status.detail}` : ''}`,
      `mln log ${name} shows its console`,
    ),
  };
}

/** Stops the switches of a part. */
export async function stopSwitches(execution: Execution): Promise<Outcome> {
  return runScripts(execution, namesInReverse(execution), { script: 'stop', done: 'stopped' });
}

/** Asks hosts to shut down, waits, and (with `wait`) destroys what is left; or saves their memory. */
export async function stopHosts(execution: Execution): Promise<Outcome> {
  if (execution.operation.options.save) return saveHosts(execution);
  const names = namesInReverse(execution);
  const { wait: destroyAfter, patience = 60 } = execution.operation.options;
  const asked = destroyAfter === 0 ? { failures: [] } : await ask(execution, names);
  const deaf = asked.failures.map((each) => each.unit);
  const total = destroyAfter ?? patience;
  const deadline = Math.max(execution.begun + total * 1000, destroyAfter === undefined ? performance.now() + LEAST : 0);
  const listening = names.filter((name) => !deaf.includes(name));
  const late = await waitUntilDown(execution, listening, deadline);
  const running = names.filter((name) => late.has(name) || deaf.includes(name));
  if (destroyAfter !== undefined)
    return { failures: (await destroy(execution, running)).map((name) => stillRuns(execution, name, total)) };
  return {
    failures: [...asked.failures, ...[...late].map(([name, status]) => stillRuns(execution, name, total, status))],
  };
}

function namesInReverse({ part }: Execution): string[] {
  return part.units.map((unit) => unit.name).reverse();
}

function ask(execution: Execution, names: readonly string[]): Promise<Outcome> {
  return runScripts(execution, names, { script: 'stop', done: 'asked to shut down' });
}

/** Halts hosts, and kills those that do not halt. Gives the ones that still run. */
async function destroy(execution: Execution, names: readonly string[]): Promise<readonly string[]> {
  const { mln, operation, part } = execution;
  const announce = announcer(mln, operation, 'stop', part.project.name);
  let running = names;
  for (const [how, done] of [
    ['halt', 'halted'],
    ['kill', 'killed'],
  ] as const) {
    if (running.length === 0) break;
    await announce(how, part.project.directory, { units: running });
    await runScripts(execution, running, { script: 'stop', args: [how], done });
    running = (await waitFor(execution, running, GRACE, isDown)).map(([name]) => name);
  }
  return running;
}

function stillRuns({ part }: Execution, name: string, seconds: number, status?: Status): Failure {
  const hint = `mln stop -p ${part.project.name} -h ${name} -w 10 destroys it after 10 more seconds`;
  const detail = status?.detail ? `: ${status.detail}` : '';
  const message =
    status?.state === 'unknown'
      ? `it is not known whether ${name} still runs${detail}`
      : `${name} still runs after ${seconds} s${detail}`;
  return { unit: name, problem: problem('MLN_NOT_UP', message, hint) };
}

/** Waits for hosts that were asked to shut down, and asks again those that may not have listened. */
async function waitUntilDown(
  execution: Execution,
  names: readonly string[],
  deadline: number,
): Promise<ReadonlyMap<string, Status | undefined>> {
  let rest = names;
  for (;;) {
    const left = (deadline - performance.now()) / 1000;
    const late = new Map(await waitFor(execution, rest, Math.min(left, ASK_AGAIN), isDown));
    rest = [...late.keys()];
    if (rest.length === 0 || performance.now() >= deadline) return late;
    await ask({ ...execution, report: () => undefined }, rest);
  }
}

function isDown(status: Status): boolean {
  return status.state === 'down';
}

/** Waits until all hosts are as wanted; gives those that are not in time. A host that has died is not waited for. */
async function waitFor(
  { mln, part, report }: Execution,
  names: readonly string[],
  seconds: number,
  wanted: (status: Status) => boolean,
): Promise<[string, Status | undefined][]> {
  const deadline = performance.now() + seconds * 1000;
  const units = new Map(part.units.map((unit) => [unit.name, unit]));
  let waiting = names;
  for (;;) {
    const statuses = await statusesOf(
      mln,
      part.project,
      waiting.flatMap((name) => units.get(name) ?? []),
    );
    const met = waiting.filter((name) => wanted(statuses.get(name) ?? unknownStatus));
    for (const name of met) report({ server: null, unit: name, state: 'note', text: asWanted(statuses.get(name)) });
    waiting = waiting.filter((name) => !met.includes(name));
    const dead = waiting.filter((name) => statuses.get(name)?.state === 'down');
    if (waiting.length === dead.length || performance.now() >= deadline)
      return waiting.map((name) => [name, statuses.get(name)]);
    await pause(Math.max(0, Math.min(POLL, deadline - performance.now())));
  }
}

/** A host may be ready though its startup has failed. */
function asWanted(status: Status | undefined): string {
  if (status?.ready !== true) return 'is down';
  return status.detail === null ? 'is ready' : `is ready (${status.detail})`;
}
