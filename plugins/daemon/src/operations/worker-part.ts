import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Exit,
  failure,
  isHere,
  loadOperating,
  messageOf,
  readState,
  requireState,
  unitsOf,
  type Host,
  type Mln,
  type Operation,
  type Project,
  type Unit,
} from '@mln/core';
import { principalText, type PhaseRequest } from '../protocol.js';
import { refuseOtherHome } from './accept.js';
import { readProject } from './folder.js';
import { isJoining } from './joining.js';
import { nextPhase } from './worker-requests.js';
import { told, type Ending, type Work } from './work.js';

/** Carries out one server's part of an operation, phase by phase as they are asked for; the project is held all the while. */
export async function runPart(work: Work): Promise<Ending> {
  const { context, stored, log } = work;
  const { request } = stored;
  const first = await nextPhase(work.folder, 0, work.cancellation.signal);
  if (!first) return givenUp(work);
  const so: Progressed = { exit: Exit.done, staged: false, given: false };
  const { withProject } = await loadOperating();
  try {
    if (first.phase !== 'prepare') throw failure('MLN_BAD_REQUEST', 'the first phase of a part is prepare');
    return await withProject(context, request.project, request.operation, () => runHeld(work, first, so));
  } catch (error) {
    const { problems, exit } = told(error);
    log.write({ kind: 'error', phase: 0, problems, exit });
    return { state: 'failed', exit };
  } finally {
    // What has become of hosts that were given the server knows that was to take them: whoever opens the project asks it.
    if (so.staged && so.given)
      await withProject(context, request.project, 'recovery', () => Promise.resolve()).catch((error: unknown) => {
        log.write({ kind: 'note', text: messageOf(error) });
      });
  }
}

/** How far a part has come. */
interface Progressed {
  exit: number;
  /** A build or an upgrade is made, and not in place. */
  staged: boolean;
  /** Hosts are on their way from here to another server. */
  given: boolean;
}

async function runHeld(work: Work, first: PhaseRequest, so: Progressed): Promise<Ending> {
  const { folder, log, cancellation } = work;
  const part = await openPart(work);
  let request: PhaseRequest | null = first;
  for (let number = 1; request && request.phase !== 'release'; number += 1) {
    if (!isJoining(request)) await runPhase(work, part, request, so);
    if (cancellation.asked) break;
    request = await nextPhase(folder, number, cancellation.signal);
  }
  if (so.staged && !so.given)
    await runPhase(work, part, { number: request?.number ?? -1, phase: 'undo', units: [] }, so, false);
  await part.end(so.exit);
  if (cancellation.asked) return cancelled(work);
  if (!request) return givenUp(work);
  log.write({ kind: 'phase', phase: request.number, failures: [] });
  return { state: so.exit === Exit.done ? 'done' : 'failed', exit: so.exit };
}

async function runPhase(
  { log, context: { terminal } }: Work,
  part: OpenPart,
  { number, phase, units }: PhaseRequest,
  so: Progressed,
  asked = true,
): Promise<void> {
  try {
    if (phase === 'give') so.given = true;
    const failures = await part.run(phase, units, (progress) => {
      terminal.report(progress);
    });
    if (phase === 'build') so.staged = true;
    if (phase === 'commit' || phase === 'undo') so.staged = false;
    if (failures.length > 0) so.exit = Exit.partly;
    if (asked) log.write({ kind: 'phase', phase: number, failures });
  } catch (error) {
    const { problems, exit } = told(error);
    so.exit = exit;
    // The core takes back what it cannot put in place.
    if (phase === 'commit' || phase === 'undo') so.staged = false;
    if (asked) log.write({ kind: 'error', phase: number, problems, exit });
    else log.write({ kind: 'note', text: problems.map(({ message }) => message).join('\n') });
  }
}

function cancelled({ log, stored: { request } }: Work): Ending {
  const { operation, project } = request;
  log.write({
    kind: 'note',
    text: `${operation} of ${project} is cancelled: ${isMade(operation) ? 'what is not in place is taken back' : 'it stays as far as it came'}`,
  });
  return { state: 'cancelled', exit: Exit.failed };
}

function isMade(operation: string): boolean {
  return operation === 'build' || operation === 'upgrade';
}

/** Nobody asks for anything any more. */
function givenUp(work: Work): Ending {
  if (work.cancellation.asked) return cancelled(work);
  const { operation, project } = work.stored.request;
  throw failure(
    'MLN_NO_SERVER',
    `${operation} of ${project}: whoever asked for it has not been heard of for a minute; it is given up`,
    {
      hint: isMade(operation) ? 'what was not in place is taken back' : 'what was done stays; give the command again',
    },
  );
}

type Failures = readonly import('@mln/core').Failure[];
type Told = import('@mln/core').Report;

/** A part while it is carried out. */
interface OpenPart {
  run(phase: string, units: readonly string[], report: Told): Promise<Failures>;
  end(exit: number): Promise<void>;
}

/** Phases of an upgrade whose units are those of the project as it was. */
const ofPrevious: readonly string[] = ['stop', 'stopSwitches', 'leave', 'give', 'giveUp'];
/** Phases of it that are everything's, also where there is nothing here any more, or was not before. */
const ofAll: readonly string[] = ['prepare', 'build', 'edit', 'commit', 'finish', 'undo'];

async function openPart({ context: { mln }, folder, stored }: Work): Promise<OpenPart> {
  const { request, id, at, principal, onBehalfOf } = stored;
  const sent = await readProject(folder);
  const isUpgrade = request.operation === 'upgrade';
  const previous = isUpgrade ? ((await readState(mln.folders.projects, request.project))?.project ?? null) : null;
  const asked = sent ?? (await requireState(mln.folders.projects, request.project)).project;
  const project = previous ? withTemplatesOf(previous, asked, request.options.rebuild ?? []) : asked;
  const operation: Operation = {
    id: request.parent ?? id,
    name: request.operation,
    user: principalText(onBehalfOf ?? principal),
    at,
    options: request.options,
  };
  const { keepJournal } = await loadOperating();
  const here = unitsOf(project).filter((unit) => isHere(mln, unit, project));
  const journal = keepJournal(mln, operation, project, here);
  return {
    async run(phase, names, report) {
      const its = isUpgrade && previous !== null && ofPrevious.includes(phase) ? previous : project;
      const everything = its === project ? here : unitsOf(its).filter((unit) => isHere(mln, unit, its));
      const units = isUpgrade && ofAll.includes(phase) ? here : unitsNamed(its, everything, names);
      if (phase === 'prepare') await requirePossible(mln, operation.name, project);
      else await journal.phase(phase, units);
      if (isUpgrade && phase === 'receive') return placeImages(mln.shell, folder, project, units);
      const source = request.package?.source ?? '';
      const part = { server: null, phase, units, project: its, source, ...(isUpgrade ? { previous } : {}) };
      const outcome = await mln.hooks.execute.promise(operation, part, report);
      if (!outcome) throw failure('MLN_NO_SERVER', `this server cannot carry out ${operation.name}`);
      if (phase === 'prepare') await journal.begin();
      return outcome.failures;
    },
    end: (exit) =>
      exit === Exit.done || exit === Exit.partly ? journal.end(exit === Exit.done ? 'done' : 'failed') : journal.fail(),
  };
}

/**
 * A host keeps the template that it was made from, by the name that it has here: a package names one version of it, and names
 * those of other servers' hosts as their project file does.
 */
function withTemplatesOf({ hosts }: Project, project: Project, rebuild: readonly string[]): Project {
  const before = new Map(hosts.map(({ name, template }) => [name, template]));
  const templateOf = ({ name, keywords, template }: Host): string | null => {
    const was = before.has(name) ? name : String(keywords['was']);
    return rebuild.includes(name) ? template : (before.get(was) ?? template);
  };
  return { ...project, hosts: project.hosts.map((host) => ({ ...host, template: templateOf(host) })) };
}

/** The disks have come to the daemon by then. */
async function placeImages(
  shell: Mln['shell'],
  { images }: Work['folder'],
  { directory }: Project,
  units: readonly Unit[],
): Promise<Failures> {
  const { placeImage } = await import('../images/arrived.js');
  for (const { name } of units) await placeImage(shell, join(images, name), directory, name);
  return [];
}

/** Whoever coordinates asks for what is here; nothing else was looked at when the part was accepted. */
function unitsNamed(project: Project, here: readonly Unit[], names: readonly string[]): readonly Unit[] {
  const wrong = names.find((name) => !here.some((unit) => unit.name === name));
  if (wrong !== undefined)
    throw failure('MLN_NO_UNIT', `${project.name} has no host or switch ${wrong} on this server`);
  return here.filter(({ name }) => names.includes(name));
}

/** What the core's own verbs ask before they begin. */
async function requirePossible(mln: Mln, operation: string, project: Project): Promise<void> {
  const { requireReplaceable, requireStores, runningUnits } = await loadOperating();
  if (operation === 'build') {
    const { projects } = mln.folders;
    const built = (await readState(projects, project.name))?.project;
    if (built) {
      refuseOtherHome(built, project);
      await requireReplaceable(mln, built, true);
    } else refuseTaken(projects, project.name);
  }
  if (operation === 'upgrade') {
    const { projects } = mln.folders;
    const built = (await readState(projects, project.name))?.project;
    if (built) refuseOtherHome(built, project);
    else refuseTaken(projects, project.name);
    if (built) requireStores(mln, built);
  }
  if (operation === 'remove') {
    requireStores(mln, project);
    const up = await runningUnits(mln, project, true);
    if (up.length > 0) throw failure('MLN_PROJECT_RUNS', `${project.name} is not stopped: ${up.join(', ')}`);
  }
}

function refuseTaken(projects: string, name: string): void {
  if (!existsSync(join(projects, name))) return;
  throw failure('MLN_PROJECT_EXISTS', `${join(projects, name)} is there and is no project of mln’s`, {
    hint: 'it is left as it is; choose another name',
  });
}
