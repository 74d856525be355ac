import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { earlierNames } from '../../diff.js';
import { failure } from '../../errors.js';
import type { Mln } from '../../kernel.js';
import { statusesOf } from '../../monitor.js';
import { operate } from '../../operate.js';
import type { Upgrade } from '../../operate-steps.js';
import type { Failure, OperationOptions } from '../../operation.js';
import { unitsOf, type Host, type Project } from '../../project.js';
import type { ReadProject } from '../../read-project.js';
import { requireStores } from '../../remove.js';
import { refuseSaved } from '../../saved.js';
import { serverOf } from '../../servers.js';
import { requireState, writeState } from '../../state.js';
import type { Status } from '../../status.js';
import { targetOf } from '../../upgrade/as-built.js';
import { classify } from '../../upgrade/classify.js';
import type { UpgradeItem } from '../../upgrade/items.js';
import { requirePlanned } from '../../upgrade/plan-file.js';
import { sameProject } from '../../upgrade/same.js';
import { changedSources } from '../../upgrade/sources.js';
import { listOption, readChosenFile, secondsOption } from '../choose.js';
import { withProject } from '../guarded.js';
import { count, tellFailures } from '../tell.js';
import { refuseUnknown } from './build.js';

export async function upgrade(
  context: CommandContext,
  _args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const read = await readChosenFile(context, options);
  refuseUnknown(read, options);
  return upgradeProject(context, read, options);
}

/** Brings a project that is built to what was read: only what has to change is touched. */
export async function upgradeProject(
  context: CommandContext,
  read: Pick<ReadProject, 'project' | 'source' | 'warnings'>,
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  const { name } = read.project;
  return withProject(context, name, 'upgrade', async () => {
    const planned = options['state'];
    if (typeof planned === 'string') await requirePlanned(mln, name, planned);
    const given = { patience: mln.configuration.stopWait, ...optionsOf(options) };
    const { project: before } = await requireState(mln.folders.projects, name);
    requireStores(mln, before);
    const target = targetOf(before, read.project, given.rebuild ?? []);
    let exit: ExitCode = Exit.done;
    let changed = false;
    const done: UpgradeItem[] = [];
    for (const project of inTurn(target, before)) {
      const built = await requireState(mln.folders.projects, name);
      const { project: previous, behind = [] } = built;
      const copied = await changedSources(mln, built, project);
      const items = classify(previous, project, mln.keywords, { ...given, copied });
      if (behind.length === 0 && sameProject(previous, project, items)) continue;
      changed = true;
      const chosen = await prepare(mln, previous, items, given, options['start'] === true);
      const { failures } = await operate(
        mln,
        'upgrade',
        project,
        {
          ...chosen.options,
          version: built.version + 1,
          source: read.source,
          previous,
          upgrade: chosen.upgrade,
        },
        terminal.report,
      );
      done.push(...items);
      await noteBehind(mln, name, failures);
      exit = tellFailures(failures, project.hosts.length);
      if (exit !== Exit.done) break;
    }
    const state = await requireState(mln.folders.projects, name);
    if (options['json'] === true)
      terminal.json({
        apiVersion: 'mln/v1',
        kind: 'Upgrade',
        warnings: [],
        items: [{ name, version: state.version, units: done.filter((item) => item.class !== 'none') }],
      });
    else
      terminal.note(
        changed ? summary(state.version, name, done, state.pending) : `${name} is as it is to be: nothing to do`,
      );
    return exit;
  });
}

/** Servers whose part has not failed as a whole are not behind: the next upgrade need not ask them again. */
async function noteBehind(mln: Mln, name: string, failures: readonly Failure[]): Promise<void> {
  const { behind = [], ...state } = await requireState(mln.folders.projects, name);
  const servers = new Set(
    failures.flatMap(({ unit, server }) => (unit === null && server !== undefined ? [server] : [])),
  );
  const still = behind.filter((server) => servers.has(server));
  if (still.length === behind.length) return;
  await writeState(state.project.directory, { ...state, ...(still.length > 0 ? { behind: still } : {}) });
}

/**
 * One step after the other: all that stays on its server, with the hosts that come to a first server, then those that come to
 * each further one; so that one server's word decides what has become of them.
 */
function* inTurn(target: Project, before: Project): Generator<Project> {
  const nameBefore = earlierNames(before.hosts, target.hosts);
  const old = new Map(before.hosts.map((host) => [host.name, serverOf(host, before)]));
  const was = (host: Host): string | null | undefined => old.get(nameBefore(host) ?? host.name);
  const moving = target.hosts.filter((host) => was(host) !== undefined && was(host) !== serverOf(host, target));
  const targets = [...new Set(moving.map((host) => serverOf(host, target)))];
  for (let turn = 1; turn < targets.length; turn += 1) {
    const later = new Set(targets.slice(turn));
    const hosts = target.hosts.map((host) =>
      moving.includes(host) && later.has(serverOf(host, target)) ? { ...host, serviceHost: was(host) ?? null } : host,
    );
    yield { ...target, hosts };
  }
  yield target;
}

interface Prepared {
  readonly options: OperationOptions;
  readonly upgrade: Upgrade;
}

/** Finds out what runs; what is to be stopped must be known, and hold no saved memory. */
async function prepare(
  mln: Mln,
  previous: Project,
  items: readonly UpgradeItem[],
  options: OperationOptions,
  startAll: boolean,
): Promise<Prepared> {
  const statuses = await statusesOf(mln, previous, unitsOf(previous));
  const stops = items.filter(({ stops: its, kind }) => its && kind === 'host');
  const nameBefore = ({ was, name }: UpgradeItem): string => was ?? name;
  for (const item of stops) {
    const host = previous.hosts.find(({ name }) => name === nameBefore(item));
    if (host) refuseSaved(previous, host, statuses.get(host.name));
    refuseUnknownState(nameBefore(item), previous, statuses.get(nameBefore(item)));
  }
  refuseNameless(mln, items);
  const up = (name: string): boolean => statuses.get(name)?.state === 'up';
  const runs = previous.hosts.some(({ name }) => up(name));
  const start = items.flatMap((item) => {
    if (item.kind !== 'host' || item.class === 'removed') return [];
    if (item.class === 'new') return runs || startAll ? [item.name] : [];
    return item.stops && (up(nameBefore(item)) || startAll) ? [item.name] : [];
  });
  const named = (is: string): readonly string[] => items.filter((item) => item.class === is).map(({ name }) => name);
  return {
    options: { ...options, moved: named('move'), rebuild: named('rebuild'), stops: stops.map(nameBefore) },
    upgrade: { previous, items, start, runs: runs || start.length > 0 },
  };
}

/** A server that is in doubt whether it has given a host away asks the one that took it. */
function refuseNameless({ configuration }: Mln, items: readonly UpgradeItem[]): void {
  const coming = items.find((item) => item.class === 'move' && item.to === null && item.from !== null);
  if (!coming || configuration.serviceHost !== null) return;
  throw failure(
    'MLN_UNSUPPORTED',
    `${coming.name} cannot come here: this machine has no name by which servers can ask it`,
    {
      hint: 'set service_host in the configuration; mln setup --service-host NAME makes all of it',
    },
  );
}

function refuseUnknownState(name: string, project: Project, status: Status | undefined): void {
  if (status?.state === 'up' || status?.state === 'down') return;
  throw failure(
    'MLN_NOT_UP',
    `it is not known whether ${name} of ${project.name} runs${status?.detail ? `: ${status.detail}` : ''}`,
    { hint: 'nothing was changed; mln status shows what answers' },
  );
}

function optionsOf(options: CommandOptions): OperationOptions {
  const rebuild = listOption(options, 'rebuild');
  const shrink = listOption(options, 'shrink');
  const destroy = secondsOption(options, 'wait', '-w');
  const undo = typeof options['undo'] === 'string' ? Number(options['undo']) : undefined;
  return {
    ...(rebuild ? { rebuild } : {}),
    ...(shrink ? { shrink } : {}),
    ...(destroy === undefined ? {} : { wait: destroy }),
    ...(options['preCopy'] === true ? { preCopy: true } : {}),
    ...(options['overcommit'] === true ? { overcommit: true } : {}),
    ...(undo === undefined ? {} : { undo }),
  };
}

function summary(version: number, name: string, items: readonly UpgradeItem[], pending: readonly string[]): string {
  const counted = (what: string, is: (item: UpgradeItem) => boolean): string[] => {
    const number = items.filter((item) => item.kind === 'host' && is(item)).length;
    return number === 0 ? [] : [`${count(number, 'host')} ${what}`];
  };
  const parts = [
    ...counted('changed', (item) => item.stops && item.class !== 'removed'),
    ...counted('new', (item) => item.class === 'new'),
    ...counted('removed', (item) => item.class === 'removed'),
  ];
  const later = pending.length === 0 ? '' : `; ${pending.join(', ')} ran on, and find what is new at their next start`;
  return `${name} is upgraded to version ${version}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}${later}`;
}
