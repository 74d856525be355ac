import { setTimeout as pause } from 'node:timers/promises';
import { Exit, isHere, isMlnError, loadOperating, readState, unitsOf, type Mln, type Project } from '@mln/core';
import type { OperationRequest } from '../protocol.js';
import { countPhases, readPhase, type OperationFolder } from './folder.js';
import type { Ending, Work } from './work.js';

/** Milliseconds that a project is waited for which somebody else works on; whoever does puts right what was left, too. */
const PATIENCE = 30_000;
const PAUSE = 500;

/**
 * Puts right what a worker that was killed has left. What the project is then tells whether the operation was finished: the
 * core finishes or takes back what cannot stay halfway, and says so in the log.
 */
export async function recoverLeft(work: Work): Promise<Ending> {
  const { context, stored, log, folder } = work;
  const { mln } = context;
  const { project, operation } = stored.request;
  log.write({ kind: 'note', text: `${operation} of ${project} was cut off: its worker was killed` });
  await putRight(work);
  const reached = await isReached(mln, stored.request, stored.at, await chosenHosts(folder, stored.request));
  if (reached && stored.request.scope === 'whole' && (await isSpread(mln, project, stored.request))) {
    const message = `${operation} of ${project} was cut off; here it is finished, what other servers came to is not known`;
    const hint = `mln status -p ${project} asks them; give the command again`;
    log.write({
      kind: 'error',
      phase: null,
      problems: [{ severity: 'error', code: 'MLN_PARTLY', message, hint }],
      exit: Exit.partly,
    });
    return { state: 'failed', exit: Exit.partly };
  }
  if (reached) {
    log.write({ kind: 'note', text: `${operation} of ${project} is finished` });
    return { state: 'done', exit: Exit.done };
  }
  const rest = restOf[operation] ?? 'is not finished; it stays as far as it came';
  log.write({
    kind: 'error',
    phase: null,
    problems: [
      {
        severity: 'error',
        code: 'MLN_PARTLY',
        message: `${operation} of ${project} was cut off, and ${rest}`,
        hint: 'give the command again',
      },
    ],
    exit: Exit.failed,
  });
  return { state: 'failed', exit: Exit.failed };
}

/** What is left of operations that the core takes back where they are not finished. */
const restOf: Readonly<Record<string, string>> = {
  build: 'is not done; nothing of it is left',
  remove: 'is not done; nothing of it is left',
  upgrade: 'is not done: the project is as it was',
  migrate: 'is not done: the project is as it was',
  undo: 'is not done: the project is as it was',
};

/** Whether other servers have a part in it. */
async function isSpread(mln: Mln, name: string, request: OperationRequest): Promise<boolean> {
  const project = request.package?.project ?? (await readState(mln.folders.projects, name))?.project;
  return project !== undefined && unitsOf(project).some((unit) => !isHere(mln, unit, project));
}

async function putRight({ context, stored }: Work): Promise<void> {
  const { withProject } = await loadOperating();
  const until = performance.now() + PATIENCE;
  for (;;)
    try {
      await withProject(context, stored.request.project, 'recovery', () => Promise.resolve());
      return;
    } catch (error) {
      if (!isMlnError(error) || error.code !== 'MLN_LOCKED' || performance.now() > until) throw error;
      await pause(PAUSE);
    }
}

/** Null: all of them. */
async function chosenHosts(
  folder: OperationFolder,
  { scope, hosts }: OperationRequest,
): Promise<readonly string[] | null> {
  if (scope === 'whole') return hosts ?? null;
  const named: string[] = [];
  for (let number = 1; number < (await countPhases(folder)); number += 1) {
    const request = await readPhase(folder, number);
    if (request?.phase === 'hosts' || request?.phase === 'switches') named.push(...request.units);
  }
  return named;
}

async function isReached(
  mln: Mln,
  { operation, project: name, package: pack }: OperationRequest,
  at: string,
  hosts: readonly string[] | null,
): Promise<boolean> {
  const state = await readState(mln.folders.projects, name);
  if (operation === 'remove') return state === null;
  if (operation === 'build') return state !== null && state.builtAt >= at;
  if (Object.hasOwn(restOf, operation)) {
    if (state !== null) return state.builtAt >= at;
    // What has given all that it had here is gone.
    const project = pack?.project;
    return project !== undefined && !unitsOf(project).some((unit) => isHere(mln, unit, project));
  }
  if (state === null || hosts?.length === 0) return false;
  return allAre(mln, state.project, hosts, operation === 'stop' ? 'down' : 'up');
}

async function allAre(
  mln: Mln,
  project: Project,
  hosts: readonly string[] | null,
  wanted: 'up' | 'down',
): Promise<boolean> {
  const { statusesOf } = await loadOperating();
  const units = unitsOf(project).filter(
    (unit) => isHere(mln, unit, project) && (hosts === null || hosts.includes(unit.name)),
  );
  const statuses = await statusesOf(mln, project, units);
  return units.every(({ name }) => statuses.get(name)?.state === wanted);
}
