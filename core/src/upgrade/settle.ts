import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { announcer, journalEnd, newOperation } from '../announce.js';
import { earlierNames } from '../diff.js';
import { failure, isMlnError } from '../errors.js';
import { cutOff, readJournal, type CutOff } from '../journal.js';
import type { Mln } from '../kernel.js';
import { statusesOf } from '../monitor.js';
import { isHere, serverOf, isThisServer } from '../servers.js';
import { readStateIn, type State } from '../state.js';
import { readActions } from './actions.js';
import { commitUpgrade } from './commit.js';
import { decisionIn } from './decision.js';
import { finishUpgrade } from './finish.js';
import { upgradeFolder } from './places.js';
import { takeBack } from './take-back.js';

/** What may be done while it is not known what has become of hosts that were on their way to another server. */
const harmless: readonly string[] = ['stop', 'clean', 'status'];

/**
 * Puts right what an upgrade left that was cut off: before its flip (the step `commit`) it is taken back, after it it is
 * finished; where hosts were given to another server, that server says which it is. Gives what is to be said; null where no
 * upgrade was cut off. The caller holds the project's lock.
 */
export async function settleUpgrade(mln: Mln, name: string, doing: string): Promise<readonly string[] | null> {
  const directory = join(mln.folders.projects, name);
  if (!existsSync(directory)) return null;
  const journal = await readJournal(directory);
  const found = cutOff(journal);
  const staging = upgradeFolder(directory);
  if (found?.lines.some((line) => line.name === 'upgrade') !== true) {
    // What was overwritten is never given up unread.
    const undo = await readdir(join(staging, '.undo')).catch(() => []);
    if (undo.length === 0) await rm(staging, { recursive: true, force: true });
    if (undo.length === 0) return null;
  }
  const state = await readStateIn(directory);
  const last = journal.findLast((line) => line.name === 'upgrade' && line.state === 'step');
  const lines = journal.filter((line) => line.operation === last?.operation);
  const announce = announcer(mln, newOperation('recover'), 'recover', name);
  const reached = await isReached(mln, directory, lines, doing);
  if (reached === null) return [];
  await announce('units', directory);
  if (!reached) {
    await takeBack(mln, directory, state);
    if (state) await end(lines, state);
    const rest = state ? `version ${state.version} is as it was` : 'nothing of it is left';
    return [`the upgrade of ${name} that was cut off is taken back: ${rest}${await notStarted(mln, directory, lines)}`];
  }
  await commitUpgrade(mln, directory);
  const rest = await notStarted(mln, directory, lines);
  await finishUpgrade(mln, directory);
  const now = await readStateIn(directory);
  if (now) await end(lines, now);
  return [`the upgrade of ${name} that was cut off is finished: version ${now?.version ?? ''} is in place${rest}`];
}

/**
 * Whether an upgrade that is not over goes on, or (false) back: it is being put in its place here, or its hosts are another
 * server's by now. Null: that cannot be told, and what is to be done does no harm. Throws MLN_IN_DOUBT where it might.
 */
export async function isReached(
  mln: Mln,
  directory: string,
  lines: CutOff['lines'],
  doing: string,
): Promise<boolean | null> {
  if (lines.some(({ step }) => step === 'commit') || (await decisionIn(directory)) === 'commit') return true;
  return isElsewhere(mln, directory, await readStateIn(directory), lines, doing);
}

async function end(lines: CutOff['lines'], { project }: State): Promise<void> {
  const [line] = lines;
  if (line) await journalEnd({ id: line.operation, name: 'upgrade' }, project.directory, 'settled');
}

/** Which hosts ran before it, and do not now. */
async function notStarted(mln: Mln, directory: string, lines: CutOff['lines']): Promise<string> {
  const state = await readStateIn(directory);
  const stopped = new Set(lines.filter(({ step }) => step === 'stop').flatMap(({ units = [] }) => units));
  if (!state || stopped.size === 0) return '';
  const { project } = state;
  const nameBefore = earlierNames(
    [...stopped].map((name) => ({ name })),
    project.hosts,
  );
  const hosts = project.hosts.filter(
    (host) => stopped.has(nameBefore(host) ?? host.name) && isHere(mln, host, project),
  );
  const statuses = await statusesOf(mln, project, hosts);
  const down = hosts.filter(({ name }) => statuses.get(name)?.state === 'down').map(({ name }) => name);
  if (down.length === 0) return '';
  return `; ${down.join(', ')} ran before it: mln start -p ${project.name} -h ${down.join(',')}`;
}

/**
 * Whether hosts that were given to other servers are theirs by now: who takes them takes its place first. Null: that cannot
 * be told, and what is to be done does no harm. Throws MLN_IN_DOUBT where it might.
 */
async function isElsewhere(
  mln: Mln,
  directory: string,
  state: State | null,
  lines: CutOff['lines'],
  doing: string,
): Promise<boolean | null> {
  if (!lines.some(({ step }) => step === 'prepared')) return false;
  const actions = await readActions(directory);
  const staged = await readStateIn(upgradeFolder(directory));
  if (!actions || !staged) return false;
  const moved = movedIn(mln, staged, state);
  for (const [server, names] of moved) {
    const units = staged.project.hosts.filter((host) => names.includes(host.name));
    const part = { server, phase: 'owns', units, project: { ...staged.project, directory }, source: '' };
    try {
      const outcome = await mln.hooks.execute.promise(newOperation('upgrade'), part, () => undefined);
      if (outcome) return outcome.failures.length === 0;
    } catch (error) {
      if (!isMlnError(error)) throw error;
      if (error.code === 'MLN_NO_PROJECT' || error.code === 'MLN_NO_UNIT') return false;
    }
    if (harmless.includes(doing)) return null;
    throw failure(
      'MLN_IN_DOUBT',
      `${names.join(', ')} of ${staged.project.name} were on their way to ${server}, which does not say whether it has them`,
      { hint: `nothing is done until it answers; then mln clean -p ${staged.project.name} puts it right` },
    );
  }
  return false;
}

/** Hosts whose server changes, by the new one, where that is another one than this. */
function movedIn(mln: Mln, { project }: State, state: State | null): ReadonlyMap<string, readonly string[]> {
  const hosts = state?.project.hosts ?? [];
  const before = new Map(hosts.map((host) => [host.name, host]));
  const nameBefore = earlierNames(hosts, project.hosts);
  const found = new Map<string, string[]>();
  for (const host of project.hosts) {
    const old = before.get(nameBefore(host) ?? host.name);
    const to = serverOf(host, project);
    if (!old || !state || to === null || isThisServer(mln, to) || serverOf(old, state.project) === to) continue;
    found.set(to, [...(found.get(to) ?? []), host.name]);
  }
  return found;
}
