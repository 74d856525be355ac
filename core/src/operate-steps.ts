import { hookBlocks, type HookBlock } from './core-keywords.js';
import type { OperationName, OperationOptions, Phase } from './operation.js';
import type { Host, Project, Unit } from './project.js';
import { serversOf, spreadSwitches } from './servers.js';
import type { UpgradeItem } from './upgrade/items.js';

/** One step of an operation: what has to be over on all servers before the next begins. */
export interface Step {
  readonly phase: Phase;
  readonly units: readonly Unit[];
  /** Which servers take part: those of the units where left out; `this` is the one that carries the operation out. */
  readonly on?: 'all' | 'this' | 'others';
  /** Which servers do it no longer once something has failed: the one on which it has, or all. */
  readonly unless?: 'failed there' | 'failed';
  /** upgrade: the units are those of the project as it was. */
  readonly of?: 'previous';
}

export interface Units {
  readonly project: Project;
  readonly units: readonly Unit[];
  /** Not only hosts that were named. */
  readonly whole: boolean;
  readonly upgrade?: Upgrade | undefined;
}

/** What an upgrade has to do, unit by unit. */
export interface Upgrade {
  readonly previous: Project;
  readonly items: readonly UpgradeItem[];
  /** Hosts that run afterwards and do not now, or did until it stopped them. */
  readonly start: readonly string[];
  /** Anything of the project runs, before or after. */
  readonly runs: boolean;
}

/**
 * The order of things: a build is made everywhere before it takes its place anywhere, at home first; a removal is done at
 * home last. Switches come before hosts, hosts by boot order, a stop goes in reverse; hook blocks only for whole projects.
 */
export function stepsOf(name: OperationName, given: Units, options: OperationOptions): (Step | 'pause')[] {
  const { units } = given;
  switch (name) {
    case 'build':
      return [
        { phase: 'build', units, on: 'all' },
        { phase: 'commit', units, on: 'this' },
        { phase: 'commit', units, on: 'others' },
      ];
    case 'remove':
      return [
        { phase: 'remove', units, on: 'others' },
        { phase: 'remove', units, on: 'this', unless: 'failed' },
      ];
    case 'start':
      return startSteps(given, options);
    case 'stop':
      return stopSteps(given, options);
    case 'upgrade':
      return upgradeSteps(given, options);
    default:
      return [{ phase: name, units }];
  }
}

function startSteps(given: Units, options: OperationOptions): (Step | 'pause')[] {
  return [
    ...hook('beforeProjectStart', given),
    ...switchStep('switches', switchesOf(given)),
    ...switchStep('join', spreadOf(given)),
    ...hook('beforeHostsStart', given),
    ...hostSteps(given, options),
    ...hook('afterHostsStart', given),
    ...hook('afterProjectStart', given),
  ];
}

/** What a server still runs stands on its switches: there they stay. */
function stopSteps(given: Units, options: OperationOptions): (Step | 'pause')[] {
  const unless = 'failed there';
  return [
    ...hook('beforeProjectStop', given),
    ...hook('beforeHostsStop', given),
    ...hostSteps(given, options).reverse(),
    ...hook('afterHostsStop', given),
    ...(given.whole ? switchStep('leave', spreadOf(given), { unless }) : []),
    ...(given.whole ? switchStep('switches', switchesOf(given), { unless }) : []),
    ...hook('afterProjectStop', given).map((step): Step => ({ ...step, unless })),
  ];
}

/**
 * All is made, and stopped, and edited, before anything takes its place: first where hosts come to, whose word decides
 * what has become of them, then at home, then elsewhere.
 */
function upgradeSteps(given: Units, options: OperationOptions): (Step | 'pause')[] {
  const { project, units, upgrade } = given;
  if (!upgrade) return [];
  const { previous, items, start } = upgrade;
  const stopping = new Set(items.flatMap(({ stops, was, name }) => (stops ? [was ?? name] : [])));
  const moved = new Map(items.flatMap((item) => (item.class === 'move' ? [[item.name, item.was ?? item.name]] : [])));
  const old = (names: Iterable<string>): readonly Host[] => {
    const wanted = new Set(names);
    return previous.hosts.filter(({ name }) => wanted.has(name));
  };
  const received = project.hosts.filter(({ name }) => moved.has(name));
  const starting = project.hosts.filter(({ name }) => start.includes(name));
  const elsewhere = otherServers(previous, project);
  const switches = project.switches.filter(
    ({ name, ports }) => ports.some(([host]) => start.includes(host)) || stopping.has(name) || elsewhere.has(name),
  );
  const parted = previous.switches.filter(({ name }) => elsewhere.has(name) && spreadSwitches(previous).includes(name));
  const runs = { project, units: [...switches, ...starting], whole: true };
  const step = (phase: Phase, its: readonly Unit[], how: Omit<Step, 'phase' | 'units'> = {}): Step[] =>
    its.length === 0 ? [] : [{ phase, units: its, ...how }];
  const all = (phase: Phase): Step => ({ phase, units, on: 'all' });
  return [
    all('build'),
    ...(options.preCopy ? step('preCopy', received) : []),
    ...hostSteps({ ...given, units: old(stopping) }, {})
      .reverse()
      .flatMap((each) => (each === 'pause' ? [] : step('stop', each.units, { of: 'previous' }))),
    ...step(
      'stopSwitches',
      previous.switches.filter(({ name }) => stopping.has(name)),
      { of: 'previous' },
    ),
    ...step('leave', parted, { of: 'previous' }),
    ...step('give', old(moved.values()), { of: 'previous' }),
    ...step('receive', received),
    all('edit'),
    ...step('commit', received),
    { phase: 'commit', units, on: 'this' },
    { phase: 'commit', units, on: 'others' },
    ...(upgrade.runs ? [...switchStep('switches', switches), ...switchStep('join', spreadOf(runs))] : []),
    ...hostSteps(runs, options),
    ...step('giveUp', old(moved.values()), { of: 'previous', unless: 'failed' }),
    all('finish'),
  ];
}

/** Switches that are on other servers than before. */
function otherServers(previous: Project, project: Project): ReadonlySet<string> {
  const placed = ({ name }: Unit, of: Project): string => {
    const found = of.switches.find((each) => each.name === name);
    return found ? [...serversOf(found, of)].map(String).sort().join(' ') : '';
  };
  const changed = previous.switches.filter((each) => placed(each, project) !== placed(each, previous));
  return new Set(changed.map(({ name }) => name));
}

/** On every server of the project, as each has the project's own commands. */
function hook(phase: HookBlock, { project, units, whole }: Units): Step[] {
  return whole && project.hookBlocks[phase] !== undefined ? [{ phase, units, on: 'all' }] : [];
}

export function isHook(phase: Phase): phase is HookBlock {
  return (hookBlocks as readonly string[]).includes(phase);
}

function switchStep(phase: Phase, units: readonly Unit[], how: Pick<Step, 'unless'> = {}): Step[] {
  return units.length === 0 ? [] : [{ phase, units, ...how }];
}

function switchesOf({ units }: Units): readonly Unit[] {
  return units.filter((unit) => unit.kind === 'switch');
}

/** Switches that are on several servers: their parts are joined once they run. */
function spreadOf({ project, units }: Units): readonly Unit[] {
  const spread = spreadSwitches(project);
  return units.filter((unit) => unit.kind === 'switch' && spread.includes(unit.name));
}

/** Hosts of one boot order side by side; with a pause, one after the other over all servers. */
function hostSteps({ units }: Units, options: OperationOptions): (Step | 'pause')[] {
  const groups: Host[][] = [];
  for (const host of units.filter((unit) => unit.kind === 'host')) {
    const last = groups.at(-1);
    if (last && last[0]?.bootOrder === host.bootOrder && !options.sleep) last.push(host);
    else groups.push([host]);
  }
  const steps = groups.map((each): Step => ({ phase: 'hosts', units: each }));
  return options.sleep ? steps.flatMap((step, index) => (index === 0 ? [step] : ['pause' as const, step])) : steps;
}
