import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { announcer, journalEnd, type Announce } from '../announce.js';
import { failure } from '../errors.js';
import { readIfThere, writeAtomically } from '../files.js';
import { readJournal } from '../journal.js';
import type { Failure, Outcome } from '../operation.js';
import type { Project } from '../project.js';
import { problem, runScripts, type Execution } from '../run-scripts.js';
import { isHere, spreadSwitches } from '../servers.js';
import { startUnits, stopHosts } from '../start-stop.js';
import { readState, readStateIn, type State } from '../state.js';
import { statusesOf } from '../monitor.js';
import { asBuilt } from './as-built.js';
import { commitUpgrade } from './commit.js';
import { decideCommit, ownsOrRefuses } from './decision.js';
import { finishUpgrade } from './finish.js';
import { dropMoved } from './kept.js';
import { localUpgrade, type LocalUpgrade } from './local.js';
import { hold } from './hold.js';
import { upgradeFolder } from './places.js';
import { prepareUpgrade } from './prepare.js';
import { stage, type Staged } from './stage.js';
import { isReached } from './settle.js';
import { takeBack } from './take-back.js';

/** An upgrade on this server, from one phase to the next. */
interface Running {
  readonly state: State | null;
  readonly local: LocalUpgrade;
  readonly staged: Staged;
}

const running = new WeakMap<Execution['operation'], Running>();

/** Units that ran until the upgrade stopped them, one a line: whoever takes it back starts them again. */
const STOPPED = '.stopped';

const done: Outcome = { failures: [] };

/** Carries out one phase of an upgrade on this server. */
export async function executeUpgrade(execution: Execution): Promise<Outcome> {
  const { mln, operation, part, report } = execution;
  const { name } = part.project;
  const directory = join(mln.folders.projects, name);
  const announce = announcer(mln, operation, 'upgrade', name);
  const names = part.units.map((unit) => unit.name);
  switch (part.phase) {
    case 'build': {
      const state = await readState(mln.folders.projects, name);
      // Of disks elsewhere home does not know what they have become.
      const anew = operation.options.rebuild ?? [];
      const its = state ? { ...part, project: asBuilt(part.project, state.project, anew) } : part;
      const local = localUpgrade(mln, operation, its, state);
      const staged = await stage(mln, operation, its, local, state, announce, report);
      running.set(operation, { state, local, staged });
      return done;
    }
    case 'stop':
      return stop(execution, directory, announce);
    case 'stopSwitches': {
      // Who may not stop one that does not run need not. Of one that others have parts of that is not known.
      const statuses = await statusesOf(mln, part.project, part.units);
      const spread = spreadSwitches(part.project);
      const up = names.filter((each) => spread.includes(each) || statuses.get(each)?.state !== 'down');
      if (up.length > 0) await keepStopped(directory, up);
      return up.length === 0 ? done : runScripts(execution, up, { script: 'stop', done: 'stopped' });
    }
    case 'give':
      await announce('give', directory, { units: names });
      return give(execution);
    case 'edit':
      return edit(execution, announce);
    case 'commit':
      return commit(execution, directory, announce);
    case 'switches':
    case 'hosts':
      await announce(part.phase === 'hosts' ? 'hosts' : 'switches', directory, { units: names });
      return startUnits(starting(await inPlace(execution)));
    case 'giveUp':
      return giveUp(execution, directory);
    case 'finish':
      return finish(execution, directory, announce);
    case 'undo':
      return undo(execution, directory);
    case 'owns':
      return owns(execution, directory);
    case 'preCopy':
    case 'receive':
      throw failure('MLN_NO_SERVER', `nobody brings the disks of ${names.join(', ')} here`, {
        hint: 'load @mln/plugin-daemon',
      });
    default:
      throw failure('MLN_NO_SERVER', `this server knows no phase ${part.phase} of an upgrade`);
  }
}

/** Stops those that run; which they were is kept, in case that it is taken back. */
async function stop(execution: Execution, directory: string, announce: Announce<'upgrade'>): Promise<Outcome> {
  const { mln, part } = execution;
  const statuses = await statusesOf(mln, part.project, part.units);
  const up = part.units.filter(({ name }) => statuses.get(name)?.state !== 'down');
  const names = up.map(({ name }) => name);
  if (names.length === 0) return done;
  await announce('stop', directory, { units: names });
  await keepStopped(directory, names);
  return stopHosts({ ...execution, part: { ...part, units: up }, begun: performance.now() });
}

async function keepStopped(directory: string, names: readonly string[]): Promise<void> {
  const all = [...(await stoppedIn(directory)), ...names];
  await writeAtomically(join(upgradeFolder(directory), STOPPED), all.map((each) => `${each}\n`).join(''));
}

async function stoppedIn(directory: string): Promise<readonly string[]> {
  const text = await readIfThere(join(upgradeFolder(directory), STOPPED));
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** From here on nobody starts the host here. */
async function give({ mln, part }: Execution): Promise<Outcome> {
  for (const unit of part.units) if (unit.kind === 'host') await hold(mln, part.project, unit);
  return done;
}

async function edit(execution: Execution, announce: Announce<'upgrade'>): Promise<Outcome> {
  const { operation, part } = execution;
  const found = running.get(operation);
  if (!found) throw failure('MLN_BAD_STATE', `the upgrade of ${part.project.name} was not begun here`);
  await prepareUpgrade({ execution, ...found, announce });
  return done;
}

/** It may be asked for twice: first where hosts come to. */
async function commit(
  { mln, part, operation }: Execution,
  directory: string,
  announce: Announce<'upgrade'>,
): Promise<Outcome> {
  if ((await readStateIn(upgradeFolder(directory))) === null) return done;
  const found = running.get(operation);
  // Those of switches whose hosts are all elsewhere by now.
  for (const name of found?.local.goneSwitches ?? [])
    if (existsSync(join(directory, name, 'stop')))
      await mln.shell(join(directory, name, 'stop'), [], { cwd: directory });
  await decideCommit(directory, part.project.name);
  await announce('commit', directory);
  await commitUpgrade(mln, directory);
  if (found) running.set(operation, { ...found, state: await readState(mln.folders.projects, part.project.name) });
  return done;
}

/** The same, with the project as it is here by now. */
async function inPlace(execution: Execution): Promise<Execution> {
  const { mln, part } = execution;
  const state = await readState(mln.folders.projects, part.project.name);
  return state ? { ...execution, part: { ...part, project: state.project } } : execution;
}

/** A start that does not wait: the seconds that an upgrade is given are those until a guest is destroyed that does not stop. */
function starting(execution: Execution): Execution {
  const { wait: _wait, ...options } = execution.operation.options;
  return { ...execution, operation: { ...execution.operation, options } };
}

/** Another server has these hosts, and runs those that ran. */
async function giveUp({ mln, part }: Execution, directory: string): Promise<Outcome> {
  const state = await readStateIn(directory);
  const names = part.units.map(({ name }) => name);
  if (state) await dropMoved(mln, state, names);
  return done;
}

async function finish(execution: Execution, directory: string, announce: Announce<'upgrade'>): Promise<Outcome> {
  await announce('finish', directory);
  const empty = await finishUpgrade(execution.mln, directory);
  if (empty) return done;
  await announce('end', directory);
  await journalEnd(execution.operation, directory, 'done');
  return done;
}

/**
 * Every disk is as it was, and what ran runs again; but where it is being put in its place already, or another server has
 * taken its hosts, there is no way back: then it is finished.
 */
async function undo(execution: Execution, directory: string): Promise<Outcome> {
  const { mln, operation, part } = execution;
  const { name } = part.project;
  const stopped = await stoppedIn(directory);
  const lines = (await readJournal(directory)).filter(
    (line) => line.operation === operation.id && line.name === 'upgrade',
  );
  const forward = (await isReached(mln, directory, lines, 'upgrade')) === true;
  if (forward) {
    await commitUpgrade(mln, directory);
    await finishUpgrade(mln, directory);
  } else await takeBack(mln, directory, await readState(mln.folders.projects, name));
  const state = await readState(mln.folders.projects, name);
  const outcome = state ? await startAgain(execution, state.project, stopped) : done;
  if (state) await journalEnd(operation, directory, 'failed');
  if (!forward) return outcome;
  const message = `the upgrade of ${name} could not be taken back: it was in its place already, and is finished`;
  return { failures: [...outcome.failures, { unit: null, problem: problem('MLN_PARTLY', message) }] };
}

async function startAgain(execution: Execution, project: Project, names: readonly string[]): Promise<Outcome> {
  const hosts = project.hosts.filter(({ name }) => names.includes(name));
  const switches = project.switches.filter(
    (each) => names.includes(each.name) || each.ports.some(([host]) => names.includes(host)),
  );
  const failures: Failure[] = [];
  for (const [phase, units] of [
    ['switches', switches],
    ['hosts', hosts],
  ] as const)
    if (units.length > 0) {
      const here = units.filter((unit) => isHere(execution.mln, unit, project));
      const part = { ...execution.part, project, phase, units: here };
      const started = await startUnits(starting({ ...execution, part }));
      failures.push(...started.failures);
    }
  return { failures };
}

/** Whether hosts are this server's by now. */
async function owns({ mln, part }: Execution, directory: string): Promise<Outcome> {
  const names = part.units.map(({ name }) => name);
  if (await ownsOrRefuses(mln, directory, names)) return done;
  throw failure('MLN_NO_UNIT', `${names.join(', ')} of ${part.project.name} are not here`);
}
