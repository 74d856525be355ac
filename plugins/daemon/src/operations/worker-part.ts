import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Exit,
  failure,
  isHere,
  loadOperating,
  readState,
  requireState,
  unitsOf,
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
  try {
    if (first.phase !== 'prepare') throw failure('MLN_BAD_REQUEST', 'the first phase of a part is prepare');
    const { withProject } = await loadOperating();
    return await withProject(context, request.project, request.operation, () => runHeld(work, first));
  } catch (error) {
    const { problems, exit } = told(error);
    log.write({ kind: 'error', phase: 0, problems, exit });
    return { state: 'failed', exit };
  }
}

/** How far a part has come. */
interface Progressed {
  exit: number;
  /** A build is made, and not in place. */
  staged: boolean;
}

async function runHeld(work: Work, first: PhaseRequest): Promise<Ending> {
  const { folder, log, cancellation } = work;
  const part = await openPart(work);
  const so: Progressed = { exit: Exit.done, staged: false };
  let request: PhaseRequest | null = first;
  for (let number = 1; request && request.phase !== 'release'; number += 1) {
    if (!isJoining(request)) await runPhase(work, part, request, so);
    if (cancellation.asked) break;
    request = await nextPhase(folder, number, cancellation.signal);
  }
  if (so.staged) await runPhase(work, part, { number: request?.number ?? -1, phase: 'undo', units: [] }, so, false);
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
    text: `${operation} of ${project} is cancelled: ${operation === 'build' ? 'what is not in place is taken back' : 'it stays as far as it came'}`,
  });
  return { state: 'cancelled', exit: Exit.failed };
}

/** Nobody asks for anything any more. */
function givenUp(work: Work): Ending {
  if (work.cancellation.asked) return cancelled(work);
  const { operation, project } = work.stored.request;
  throw failure(
    'MLN_NO_SERVER',
    `${operation} of ${project}: whoever asked for it has not been heard of for a minute; it is given up`,
    {
      hint:
        operation === 'build' ? 'what was not in place is taken back' : 'what was done stays; give the command again',
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

async function openPart({ context: { mln }, folder, stored }: Work): Promise<OpenPart> {
  const { request, id, at, principal, onBehalfOf } = stored;
  const sent = await readProject(folder);
  const project = sent ?? (await requireState(mln.folders.projects, request.project)).project;
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
      const units = unitsNamed(project, here, names);
      if (phase === 'prepare') await requirePossible(mln, operation.name, project);
      else await journal.phase(phase, units);
      const part = { server: null, phase, units, project, source: request.package?.source ?? '' };
      const outcome = await mln.hooks.execute.promise(operation, part, report);
      if (!outcome) throw failure('MLN_NO_SERVER', `this server cannot carry out ${operation.name}`);
      if (phase === 'prepare') await journal.begin();
      return outcome.failures;
    },
    end: (exit) =>
      exit === Exit.done || exit === Exit.partly ? journal.end(exit === Exit.done ? 'done' : 'failed') : journal.fail(),
  };
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
    } else if (existsSync(join(projects, project.name)))
      throw failure('MLN_PROJECT_EXISTS', `${join(projects, project.name)} is there and is no project of mln’s`, {
        hint: 'it is left as it is; choose another name',
      });
  }
  if (operation === 'remove') {
    requireStores(mln, project);
    const up = await runningUnits(mln, project, true);
    if (up.length > 0) throw failure('MLN_PROJECT_RUNS', `${project.name} is not stopped: ${up.join(', ')}`);
  }
}
