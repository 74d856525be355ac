import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { announcer, journalEnd, type Announce } from '../announce.js';
import { failure } from '../errors.js';
import { readIfThere, syncFolder, writeAtomically } from '../files.js';
import type { Failure, Outcome } from '../operation.js';
import { unitsOf, type Project } from '../project.js';
import { requireDown } from '../require-down.js';
import { runScripts, type Execution } from '../run-scripts.js';
import { isHere, spreadSwitches } from '../servers.js';
import { startUnits, stopHosts } from '../start-stop.js';
import { readState, readStateIn, type State } from '../state.js';
import { statusesOf } from '../monitor.js';
import { asBuilt } from './as-built.js';
import { commitUpgrade } from './commit.js';
import { decideCommit, ownsOrRefuses } from './decision.js';
import { dropReplaced, forgetOld } from './kept.js';
import { localUpgrade, type LocalUpgrade } from './local.js';
import { movingScript, startScript, upgradeFolder } from './places.js';
import { prepareUpgrade } from './prepare.js';
import { stage, type Staged } from './stage.js';
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
      return give(execution, directory);
    case 'edit':
      return edit(execution, announce);
    case 'commit':
      return commit(execution, directory, announce);
    case 'switches':
    case 'hosts':
      await announce(part.phase === 'hosts' ? 'hosts' : 'switches', directory, { units: names });
      return startUnits(await inPlace(execution));
    case 'giveUp':
      return dropHere(execution, directory, ['moved']);
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
async function give({ mln, part }: Execution, directory: string): Promise<Outcome> {
  for (const unit of part.units)
    if (unit.kind === 'host') {
      await requireDown(mln, part.project, unit);
      await mln.shell(join(directory, unit.name, 'stop'), ['clean'], { cwd: directory });
      await rename(startScript(directory, unit.name), movingScript(directory, unit.name));
      await syncFolder(join(directory, unit.name));
    }
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
  await decideCommit(directory, part.project.name);
  const found = running.get(operation);
  // Those of switches whose hosts are all elsewhere by now.
  for (const name of found?.local.goneSwitches ?? [])
    if (existsSync(join(directory, name, 'stop')))
      await mln.shell(join(directory, name, 'stop'), [], { cwd: directory });
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

async function dropHere(
  { mln }: Execution,
  directory: string,
  reasons: readonly ('moved' | 'replaced')[],
): Promise<Outcome> {
  const state = await readStateIn(directory);
  if (state) await dropReplaced(mln, state, reasons);
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

/** What is left to do when an upgrade is in place. Gives whether nothing of the project is here any more. */
export async function finishUpgrade(mln: Execution['mln'], directory: string): Promise<boolean> {
  const state = await readStateIn(directory);
  if (state) await dropReplaced(mln, state, ['replaced']);
  const now = await readStateIn(directory);
  if (now) await forgetOld(mln, now);
  await rm(upgradeFolder(directory), { recursive: true, force: true });
  const { project, kept = [] } = (await readStateIn(directory)) ?? {};
  const isHome = project && (project.home === null || project.home === mln.configuration.serviceHost);
  if (!project || isHome || kept.length > 0 || unitsOf(project).some((unit) => isHere(mln, unit, project)))
    return false;
  await rm(directory, { recursive: true, force: true });
  return true;
}

/** Every disk is as it was, and what ran runs again. */
async function undo(execution: Execution, directory: string): Promise<Outcome> {
  const { mln, operation, part } = execution;
  const state = await readState(mln.folders.projects, part.project.name).catch(() => null);
  const stopped = await stoppedIn(directory);
  await takeBack(mln, directory, state);
  const outcome = state ? await startAgain(execution, state.project, stopped) : done;
  if (state) await journalEnd(operation, directory, 'failed');
  return outcome;
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
      const started = await startUnits({ ...execution, part: { ...execution.part, project, phase, units: here } });
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
