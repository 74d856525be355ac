import { join } from 'node:path';
import type { Announce } from '../announce.js';
import { failure } from '../errors.js';
import { writeAtomically } from '../files.js';
import { statusesOf } from '../monitor.js';
import type { Mln } from '../kernel.js';
import { unitsOf, type Host, type Project, type Unit } from '../project.js';
import { isThisServer, serversOf } from '../servers.js';
import type { Execution } from '../run-scripts.js';
import { keepsMemory, refuseSaved } from '../saved.js';
import { writeState, type KeptHost, type State, type TemplateRecord } from '../state.js';
import { writeActions, type Actions } from './actions.js';
import { diskKey, editHost, type EditedHost } from './edit.js';
import type { LocalHost, LocalUpgrade } from './local.js';
import { upgradeFolder } from './places.js';
import { sourcesOf } from './sources.js';
import { storesOutside } from '../remove.js';
import { requireMovable } from './commit.js';
import { filesOf, type Staged } from './stage.js';

interface Preparing {
  readonly execution: Execution;
  readonly state: State | null;
  readonly local: LocalUpgrade;
  readonly staged: Staged;
  readonly announce: Announce<'upgrade'>;
}

/**
 * Edits the disks of guests that are down, and writes down all that is left to do: from then on an upgrade can be put in its
 * place, or taken back.
 */
export async function prepareUpgrade({ execution, state, local, staged, announce }: Preparing): Promise<void> {
  const { mln, operation, part } = execution;
  const { directory } = part.project;
  const project = { ...staged.project, directory };
  const edited = new Map<string, EditedHost>();
  const pending: string[] = [];
  const olds = local.hosts.flatMap(({ old, from, kept }) => (old && from === 'kept' && kept === null ? [old] : []));
  const statuses = state ? await statusesOf(mln, state.project, olds) : new Map<string, never>();
  const editing = { mln, project, state, shrink: operation.options.shrink ?? [] };
  for (const each of local.hosts) {
    const { host, from, old, kept } = each;
    if (from === 'new') continue;
    const status = old && from === 'kept' && kept === null ? statuses.get(old.name) : undefined;
    if (old && state && status) {
      const waits = status.state !== 'down' || keepsMemory(state.project, old.name);
      if (waits && each.runsOn) {
        pending.push(host.name);
        edited.set(host.name, asItIs(host, old));
        continue;
      }
      refuseSaved(state.project, old, status);
      if (status.state !== 'down') throw stillUp(host);
    }
    await announce('edit', directory, { units: [host.name] });
    const tell = (state: 'begun' | 'done', text: string): void => {
      if (!each.runsOn) execution.report({ server: null, unit: host.name, state, text });
    };
    tell('begun', 'edit its disk');
    edited.set(host.name, await editHost(editing, each));
    tell('done', 'its disk is as it is to be');
  }
  const hosts = staged.project.hosts.map((host) => edited.get(host.name)?.host ?? host);
  const fresh = { ...project, hosts };
  await writeDown({ execution, state, local, staged, announce }, fresh, edited, pending);
  await bringToDisk(mln, fresh, directory);
  const given = local.gone.flatMap(({ host, reason }) => (reason === 'moved' ? [host.name] : []));
  await announce('prepared', directory, { units: given });
}

/** All that was made is to be whole after a power cut; and what is to be renamed must be there. */
async function bringToDisk(mln: Mln, project: Project, directory: string): Promise<void> {
  const staging = upgradeFolder(directory);
  await mln.shell('sync', ['-f', '--', staging]);
  const outside: string[] = [];
  for (const store of storesOutside(mln, { ...project, directory: staging }))
    if (await store.exists()) outside.push(store.path);
  if (outside.length > 0) await mln.shell('sync', ['--', ...outside]);
  await requireMovable(mln, directory);
}

/** A guest that runs on keeps its disks. */
function asItIs(host: Host, old: Host): EditedHost {
  const disks = host.disks.map((disk) => {
    const before = old.disks.find(({ role, mount }) => role === disk.role && mount?.point === disk.mount?.point);
    return before?.standsOn === undefined ? disk : { ...disk, standsOn: before.standsOn };
  });
  return { host: { ...host, disks }, aside: [], take: [], staged: [] };
}

async function writeDown(
  { execution, state, local, staged }: Preparing,
  project: Project,
  edited: ReadonlyMap<string, EditedHost>,
  pending: readonly string[],
): Promise<void> {
  const { mln, operation, part } = execution;
  const { directory } = project;
  const staging = upgradeFolder(directory);
  const actions = actionsOf(
    local,
    staged,
    operation.options.version ?? (state?.version ?? 0) + 1,
    edited,
    state ? filesOf(mln, state.project, oldUnits(local, state)) : [],
  );
  await writeActions(directory, actions);
  await writeAtomically(join(staging, '.project.mln'), part.source);
  // What was copied of a disk that is kept leaves it where it is.
  const taken = actions.take.flatMap(({ from }) =>
    from.disks.flatMap(({ kept }) => (kept ? [`${from.name} ${kept}`] : [])),
  );
  const back = new Set(taken);
  await writeState(staging, {
    version: actions.version,
    builtAt: new Date().toISOString(),
    plugins: Object.fromEntries(mln.plugins.map(({ name, version }) => [name, version])),
    templates: templatesOf(local, staged),
    project,
    kept: [
      ...(state?.kept ?? []).filter(({ host, version }) => !back.has(`${host.name} ${version}`)),
      ...keptBy(local, state, edited),
    ],
    pending,
    sources: await sourcesOf(mln, project),
    ...behindHome(mln, project, part.previous ?? null),
  });
}

/** At home all other servers count as behind, until it is known that they are not. */
function behindHome(mln: Mln, project: Project, previous: Project | null): Pick<State, 'behind'> {
  if (!isThisServer(mln, project.home)) return {};
  const servers = [project, ...(previous ? [previous] : [])].flatMap((each) =>
    unitsOf(each).flatMap((unit) => serversOf(unit, each)),
  );
  const others = [...new Set(servers)].filter((server) => server !== null && !isThisServer(mln, server));
  return others.length === 0 ? {} : { behind: others.map(String) };
}

/** Units that have a folder here. */
function oldUnits({ units, hosts, gone }: LocalUpgrade, { project }: State): readonly Unit[] {
  const names = new Set([
    ...units.map(({ name }) => name),
    ...hosts.flatMap(({ old }) => old?.name ?? []),
    ...gone.map(({ host }) => host.name),
  ]);
  return [...project.switches, ...project.hosts].filter(({ name }) => names.has(name));
}

function actionsOf(
  local: LocalUpgrade,
  { files }: Staged,
  version: number,
  edited: ReadonlyMap<string, EditedHost>,
  before: readonly string[],
): Actions {
  const made = (host: Host): readonly string[] => host.disks.filter(({ existing }) => !existing).map(diskKey);
  const renamed = local.hosts.flatMap(({ old, host, from, kept }) =>
    from === 'kept' && kept === null && old && old.name !== host.name ? [old.name] : [],
  );
  const aside = local.hosts.flatMap(({ host, old, replaced, from, kept }) => [
    ...(replaced ? [{ host: replaced, disks: made(replaced), by: host.name }] : []),
    ...(from === 'kept' && kept === null && old && (edited.get(host.name)?.aside.length ?? 0) > 0
      ? [{ host: old, disks: edited.get(host.name)?.aside ?? [], by: host.name }]
      : []),
  ]);
  return {
    version,
    aside: [...aside, ...local.gone.map(({ host }) => ({ host, disks: made(host), by: null }))],
    take: local.hosts.flatMap(({ host, old }) => {
      const it = edited.get(host.name);
      return it && old && it.take.length > 0 ? [{ from: old, host: it.host, disks: it.take }] : [];
    }),
    staged: local.hosts.flatMap(({ host, from }) => {
      const its = from === 'new' ? made(host) : (edited.get(host.name)?.staged ?? []);
      return its.length > 0 ? [{ host: host.name, disks: its }] : [];
    }),
    gone: [...local.goneSwitches, ...local.gone.map(({ host }) => host.name), ...renamed].filter(
      (name) => !local.units.some((unit) => unit.name === name),
    ),
    obsolete: before.filter((path) => !files.includes(path)),
  };
}

/** What is kept aside from now on. */
function keptBy(
  local: LocalUpgrade,
  state: State | null,
  edited: ReadonlyMap<string, EditedHost>,
): readonly KeptHost[] {
  if (!state) return [];
  const at = new Date().toISOString();
  const keep = (host: Host, keys: readonly string[] | null, reason: KeptHost['reason']): KeptHost[] => {
    const disks = host.disks.filter((disk) => !disk.existing && (keys?.includes(diskKey(disk)) ?? true));
    if (disks.length === 0) return [];
    const version = String(state.version);
    return [
      {
        host: { ...host, disks: disks.map((disk) => ({ ...disk, kept: version })) },
        reason,
        at,
        version: state.version,
        ...(state.templates[host.name] ? { template: state.templates[host.name] } : {}),
      },
    ];
  };
  return [
    ...local.hosts.flatMap(({ host, old, replaced, from, kept }) => [
      ...(replaced ? keep(replaced, null, 'rebuilt') : []),
      ...(from === 'kept' && kept === null && old ? keep(old, edited.get(host.name)?.aside ?? [], 'replaced') : []),
    ]),
    ...local.gone.flatMap(({ host, reason }) => keep(host, null, reason)),
  ];
}

function templatesOf(local: LocalUpgrade, staged: Staged): Readonly<Record<string, TemplateRecord>> {
  const known = local.hosts.flatMap(({ host, template, from }: LocalHost): [string, TemplateRecord][] => {
    const record = from === 'new' ? staged.templates[host.name] : template;
    return record ? [[host.name, record]] : [];
  });
  return Object.fromEntries(known);
}

function stillUp({ name }: Host): Error {
  return failure('MLN_PROJECT_RUNS', `${name} runs, or it is not known that it does not: its disk cannot be edited`, {
    hint: `mln stop -h ${name} first, or give more time with -w`,
  });
}
