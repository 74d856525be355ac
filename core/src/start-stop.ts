import { setTimeout as pause } from 'node:timers/promises';
import { statusesOf } from './monitor.js';
import type { Failure, Outcome } from './operation.js';
import { problem, runScripts, type Execution } from './run-scripts.js';
import { unknownStatus, type Status } from './status.js';

/** Milliseconds between two looks at what still runs. */
const POLL = 100;
/** Seconds in which a host that was halted must be gone. */
const GRACE = 8;
/** Seconds after which a host that still runs is asked again to shut down: at the first time its kernel may not have listened. */
const ASK_AGAIN = 10;

/** Starts the units of a part; with `wait`, until its hosts are ready. */
export async function startUnits(execution: Execution): Promise<Outcome> {
  const { part, operation } = execution;
  const args = operation.options.term === undefined ? [] : [operation.options.term];
  const isHost = part.phase === 'hosts';
  const outcome = await runScripts(
    execution,
    part.units.map((unit) => unit.name),
    'start',
    isHost ? args : [],
  );
  if (!isHost || operation.options.wait === undefined) return outcome;
  const failed = new Set(outcome.failures.map((each) => each.unit));
  const late = await waitFor(
    execution,
    part.units.map((unit) => unit.name).filter((name) => !failed.has(name)),
    operation.options.wait,
    (status) => status.ready === true,
  );
  return {
    failures: [
      ...outcome.failures,
      ...late.map(([name, status]) => notReady(name, status, operation.options.wait ?? 0)),
    ],
  };
}

function notReady(name: string, status: Status | undefined, wait: number): Failure {
  const died = status?.state === 'down';
  return {
    unit: name,
    problem: problem(
      'MLN_NOT_UP',
      died ? `${name} has died while it booted` : `${name} was not ready after ${wait} s`,
      `mln log ${name} shows its console`,
    ),
  };
}

/** Asks hosts to shut down, waits, and (with `wait`) destroys what is left. */
export async function stopHosts(execution: Execution): Promise<Outcome> {
  const { part, operation, report } = execution;
  const names = part.units.map((unit) => unit.name).reverse();
  const destroyAfter = operation.options.wait;
  const asked = destroyAfter === 0 ? { failures: [] } : await runScripts(execution, names, 'stop', []);
  // Hosts of a later step get what is left of the time, and always a moment to react where nothing is destroyed.
  const total = destroyAfter ?? operation.options.patience ?? 60;
  const elapsed = (Date.now() - Date.parse(operation.at)) / 1000;
  const patience = Math.max(total - elapsed, destroyAfter === undefined ? Math.min(total, GRACE) : 0);
  let running = await waitUntilDown(execution, names, patience, true);
  if (running.length > 0 && destroyAfter !== undefined) {
    for (const how of ['halt', 'kill']) {
      if (running.length === 0) break;
      await runScripts(execution, running, 'stop', [how]);
      running = await waitUntilDown(execution, running, GRACE, false);
    }
    for (const name of names)
      if (destroyAfter > 0 && !running.includes(name))
        report({ server: null, unit: name, state: 'note', text: 'is down' });
  }
  const still = running.map((name): Failure => ({
    unit: name,
    problem: problem(
      'MLN_NOT_UP',
      `${name} still runs after ${total} s`,
      `mln stop -p ${part.project.name} -h ${name} -w 10 destroys it after 10 more seconds`,
    ),
  }));
  return { failures: [...asked.failures.filter((each) => running.includes(each.unit ?? '')), ...still] };
}

async function waitUntilDown(
  execution: Execution,
  names: readonly string[],
  seconds: number,
  askAgain: boolean,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  let rest = [...names];
  for (;;) {
    const left = (deadline - Date.now()) / 1000;
    const late = await waitFor(
      execution,
      rest,
      askAgain ? Math.min(left, ASK_AGAIN) : left,
      (status) => status.state === 'down',
    );
    rest = late.map(([name]) => name);
    if (rest.length === 0 || Date.now() >= deadline) return rest;
    if (askAgain) await runScripts({ ...execution, report: () => undefined }, rest, 'stop', []);
  }
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
    for (const name of met)
      report({ server: null, unit: name, state: 'note', text: statuses.get(name)?.ready ? 'is ready' : 'is down' });
    waiting = waiting.filter((name) => !met.includes(name));
    const dead = waiting.filter((name) => statuses.get(name)?.state === 'down');
    if (waiting.length === dead.length || performance.now() >= deadline)
      return waiting.map((name) => [name, statuses.get(name)]);
    await pause(Math.max(0, Math.min(POLL, deadline - performance.now())));
  }
}
