import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { setTimeout as pause } from 'node:timers/promises';
import { announcer, journalEnd, newOperation } from './announce.js';
import { isMlnError } from './errors.js';
import { settleFlatten } from './flatten.js';
import { cutOff, readJournal, type CutOff } from './journal.js';
import type { Mln } from './kernel.js';
import { statusesOf } from './monitor.js';
import { unitsOf, type Project, type Unit } from './project.js';
import { settleResize } from './resize.js';
import { isHere } from './servers.js';
import { readState, type State } from './state.js';
import type { Status } from './status.js';
import { settleUpgrade } from './upgrade/settle.js';

/*
 * What an operation had begun goes on when mln is killed: its scripts end by themselves, and hold a lock until then. So
 * each unit is asked to clean up, which waits for that lock, and then leaves alone what runs. A start is left as far as
 * it came: each of its units runs, or is as it was. What a stop had come to is stopped to the end.
 */

/** Seconds in which a host that was asked to shut down must be gone, and milliseconds between two looks. */
const GRACE = 10;
const POLL = 100;
/** Milliseconds that a script may take. */
const SCRIPT_LIMIT = 120_000;

/** What a stop script is told to do for the step that was reached; nothing: it asks politely. */
const toTheEnd: Readonly<Record<string, readonly string[]>> = { hosts: [], halt: ['halt'], kill: ['kill'] };

/**
 * Puts right what the last operation on a project left when it was cut off, and says how it has ended; nothing where
 * none was. The caller holds the project's lock, and has recovered the project's folder. Doing is the caller's verb.
 */
export async function settle(mln: Mln, name: string, doing: string): Promise<readonly string[]> {
  const upgraded = await settleUpgrade(mln, name, doing);
  if (upgraded !== null) return upgraded;
  const state = await readState(mln.folders.projects, name);
  const found = state && cutOff(await readJournal(state.project.directory));
  if (!state || !found) return [];
  const said = await settleFound(mln, state, found, doing);
  await journalEnd({ id: found.operation, name: found.name }, state.project.directory, 'settled');
  return said;
}

async function settleFound(mln: Mln, state: State, found: CutOff, doing: string): Promise<readonly string[]> {
  const { name } = state.project;
  const last = found.lines.at(-1);
  if (found.name === 'build') return [`the build of ${name} that was cut off is finished: the new project is in place`];
  if (found.name === 'remove')
    return [`the removal of ${name} that was cut off is taken back: nothing of it is removed`];
  if (found.name === 'flatten') return [await settleFlatten(mln, state, last?.units?.[0] ?? '', last?.step ?? '')];
  if (found.name === 'resize') return [await settleResize(mln, state, found)];
  return settleUnits(mln, state.project, found, doing);
}

async function settleUnits(mln: Mln, project: Project, found: CutOff, doing: string): Promise<readonly string[]> {
  const named = new Set(found.lines.flatMap(({ units = [] }) => units));
  const units = unitsOf(project).filter((unit) => named.has(unit.name) && isHere(mln, unit, project));
  const announce = announcer(mln, newOperation('recover'), 'recover', project.name);
  await announce('units', project.directory, { units: units.map((unit) => unit.name) });
  const said = await cleanUnits(mln, project, units);
  const saved = found.lines.some(({ step }) => step === 'save');
  if (saved) said.push(...(await savedReached(mln, project, found, units)));
  else if (found.name === 'stop' && doing !== 'stop') said.push(...(await stopReached(mln, project, found, units)));
  const statuses = await statusesOf(mln, project, units);
  return [...said, sentence(project, saved ? 'stop --save' : found.name, units, statuses)];
}

/** Has the units that do not run take away what they left. Gives what they and mln have to say of it. */
export async function cleanUnits(mln: Mln, project: Project, units: readonly Unit[]): Promise<string[]> {
  const statuses = await statusesOf(mln, project, units);
  const down = units.filter(({ name }) => statuses.get(name)?.state === 'down');
  return runStop(mln, project, down, ['clean']);
}

/** Stops the hosts that a stop had come to, as far as it had come with them. */
async function stopReached(mln: Mln, project: Project, { lines }: CutOff, units: readonly Unit[]): Promise<string[]> {
  const last = lines.findLast(({ step = '' }) => Object.hasOwn(toTheEnd, step));
  const said: string[] = [];
  const reached = lines.filter(({ step }) => step === 'hosts').flatMap((line) => line.units ?? []);
  let rest = await running(
    mln,
    project,
    units.filter(({ kind, name }) => kind === 'host' && reached.includes(name)),
  );
  said.push(...(await runStop(mln, project, rest, toTheEnd[last?.step ?? ''] ?? [])));
  for (const deadline = performance.now() + GRACE * 1000; rest.length > 0 && performance.now() < deadline;) {
    await pause(POLL);
    rest = await running(mln, project, rest);
  }
  return [...said, ...(await cleanUnits(mln, project, units))];
}

/**
 * Memory that is being saved is saved to the end: each script that does so holds its lock until then, and is waited for.
 * Where none had begun, the host is left running.
 */
async function savedReached(mln: Mln, project: Project, { lines }: CutOff, units: readonly Unit[]): Promise<string[]> {
  const reached = lines.filter(({ step }) => step === 'save').flatMap((line) => line.units ?? []);
  const its = units.filter(({ kind, name }) => kind === 'host' && reached.includes(name));
  return runStop(mln, project, await running(mln, project, its), ['clean']);
}

async function running(mln: Mln, project: Project, units: readonly Unit[]): Promise<readonly Unit[]> {
  const statuses = await statusesOf(mln, project, units);
  return units.filter(({ name }) => statuses.get(name)?.state === 'up');
}

async function runStop(mln: Mln, project: Project, units: readonly Unit[], args: readonly string[]): Promise<string[]> {
  const limit = pLimit(availableParallelism() * 4);
  const run = async ({ name }: Unit): Promise<string> => {
    const cwd = project.directory;
    try {
      return (await mln.shell(join(cwd, name, 'stop'), args, { cwd, timeout: SCRIPT_LIMIT })).stdout.trim();
    } catch (error) {
      if (!isMlnError(error)) throw error;
      return `${name}: ${error.message}`;
    }
  };
  const said = await Promise.all(units.map((unit) => limit(() => run(unit))));
  return said.filter((text) => text !== '');
}

function sentence(
  { name }: Project,
  operation: string,
  units: readonly Unit[],
  statuses: ReadonlyMap<string, Status>,
): string {
  const up = units.filter((unit) => statuses.get(unit.name)?.state === 'up');
  const known = units.filter((unit) => statuses.get(unit.name)?.state !== 'unknown');
  const part = (kind: Unit['kind']): [number, number] => [
    up.filter((unit) => unit.kind === kind).length,
    units.filter((unit) => unit.kind === kind).length,
  ];
  const [[hosts, ofHosts], [switches, ofSwitches]] = [part('host'), part('switch')];
  const counted = `${hosts} of ${ofHosts} hosts run${ofSwitches === 0 ? '' : `, and ${switches} of ${ofSwitches} switches`}`;
  const saved = units.flatMap((unit) => (statuses.get(unit.name)?.saved ? unit.name : []));
  const kept = saved.length === 0 ? '' : `the memory of ${saved.join(', ')} is saved, `;
  return `an earlier ${operation} of ${name} was cut off: ${kept}${counted}${verdict(name, operation, up.length, known.length)}`;
}

/** Whether that is the old state, the new one, or how to come to either. */
function verdict(project: string, operation: string, up: number, known: number): string {
  const [done, nothing] = operation === 'start' ? [up === known, up === 0] : [up === 0, up === known];
  if (!['start', 'stop', 'stop --save'].includes(operation)) return '';
  if (done) return '; it is finished';
  if (nothing) return '; it is taken back';
  const other = operation === 'start' ? 'stop' : 'start';
  return `; mln ${operation} -p ${project} does the rest, mln ${other} -p ${project} takes it back`;
}
