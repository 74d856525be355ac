import { join } from 'node:path';
import { hookBlocks } from './core-keywords.js';
import { isMlnError, Problems, type Problem } from './errors.js';
import type { Hooks } from './hooks.js';
import type { KeywordTable } from './keywords.js';
import { isName, isProjectName, isTaken, namePattern } from './names.js';
import type { Host, Project, Switch, Unit } from './project.js';
import { resolveHost } from './resolve-host.js';
import { checkNetworks, checkSwitches } from './resolve-networks.js';
import { resolveSwitch } from './resolve-switch.js';
import type { Block, Tree } from './tree.js';
import { reportUnknown } from './unknown.js';
import { compareNames, nearest } from './values.js';
import { View, type ViewContext } from './view.js';

export interface ResolveOptions {
  /** Variables of `global` that the command line sets. */
  readonly set?: ReadonlyMap<string, string>;
  /** This server's own name, where it has one. */
  readonly home?: string | null;
  /** The folder of the project file. */
  readonly source: string;
  /** Where projects are kept. */
  readonly projects: string;
}

export interface Resolved {
  readonly project: Project;
  readonly warnings: readonly Problem[];
}

/** Reads a tree as a project: every value found, checked, and claimed by the plug-in that it is for. */
export function resolveProject(tree: Tree, keywords: KeywordTable, hooks: Hooks, options: ResolveOptions): Resolved {
  const problems = new Problems();
  const blocks = indexBlocks(tree, problems);
  const context: ViewContext = { problems, global: null, set: options.set ?? new Map() };
  const bare = new View(blocks.global, null, context);
  context.global = bare;
  const name = projectName(bare, problems);
  const global = new View(blocks.global, null, context, { project: name });
  context.global = global;

  const named = (kind: 'host' | 'switch') =>
    blocks[kind].map((block) => ({ block, name: nameOf(block, global, problems) }));
  const hostBlocks = named('host');
  const switchBlocks = named('switch');
  checkNames([...hostBlocks, ...switchBlocks], problems);
  const superclasses = superclassesByName(blocks.superclass, global, problems);
  reportUnknown(tree, keywords, problems);

  const views = new Map<Unit, View>();
  const hosts = hostBlocks.map(({ block, name: hostName }) => {
    const chain = superclassChain(block, superclasses, global, problems);
    const view = new View(chain.layers, global, context, { hostname: hostName });
    const host = resolveHost(hostName, chain.names, view, keywords, problems);
    views.set(host, view);
    return host;
  });
  const ports = portsOf(hosts);
  const switches = switchBlocks.map(({ block, name: switchName }) => {
    const view = new View([block], global, context);
    const found = resolveSwitch(switchName, view, ports.get(switchName) ?? [], keywords);
    views.set(found, view);
    return found;
  });

  const hookTexts = hookBlocks.flatMap((hook) => {
    const text = global.text(hook);
    return text === null ? [] : [[hook, text] as const];
  });
  const draft: Project = {
    name,
    home: options.home ?? null,
    source: options.source,
    directory: join(options.projects, name),
    switches: [...switches].sort((one, other) => compareNames(one.name, other.name)),
    hosts: [...hosts].sort((one, other) => one.bootOrder - other.bootOrder || compareNames(one.name, other.name)),
    hookBlocks: Object.fromEntries(hookTexts),
    variables: variablesOf(global, blocks.global),
    secret: null,
  };
  checkSwitches(draft, problems);
  problems.throwErrors();

  const claimed = claimUnits(draft, views, hooks, problems);
  const project = checkNetworks(claimed, problems);
  problems.throwErrors();
  return { project, warnings: problems.warnings };
}

/** Hosts are claimed first; a switch that nobody claims takes the platform of its hosts. */
function claimUnits(draft: Project, views: ReadonlyMap<Unit, View>, hooks: Hooks, problems: Problems): Project {
  const claimOne = <U extends Unit>(unit: U, project: Project): U => {
    const view = views.get(unit);
    if (!view) return unit;
    try {
      const answer = hooks.resolveUnit.call(unit, view, project) as U;
      if (answer.hypervisor === null)
        problems.error('MLN_NO_CLAIM', `no plug-in runs the ${unit.kind} ${unit.name}`, {
          place: unit.place ?? undefined,
          hint: 'load a hypervisor’s plug-in, such as @mln/plugin-uml',
        });
      return answer;
    } catch (error) {
      if (!isMlnError(error)) throw error;
      problems.all.push(...error.problems);
      return unit;
    }
  };
  const hosts = draft.hosts.map((host): Host => claimOne(host, draft));
  const withHosts = { ...draft, hosts };
  // Where a host could not be claimed, its switches are not to blame.
  if (problems.all.some(({ severity }) => severity === 'error')) return withHosts;
  const switches = draft.switches.map((each): Switch => claimOne(each, withHosts));
  return { ...withHosts, switches };
}

interface Blocks {
  readonly global: Block[];
  readonly host: Block[];
  readonly switch: Block[];
  readonly superclass: Block[];
}

function indexBlocks(tree: Tree, problems: Problems): Blocks {
  const blocks: Blocks = { global: [], host: [], switch: [], superclass: [] };
  for (const item of tree.items) {
    if (item.kind !== 'block' || !Object.hasOwn(blocks, item.keyword)) continue;
    if (item.keyword !== 'global' && item.words.length === 0) {
      problems.error('MLN_BAD_NAME', `this ${item.keyword} has no name`, {
        place: item.place ?? undefined,
        hint: `write ${item.keyword} NAME { … }`,
      });
      continue;
    }
    // Of several global blocks the last one counts where they differ, as within a block.
    const found = blocks[item.keyword as keyof Blocks];
    if (item.keyword === 'global') found.unshift(item);
    else found.push(item);
  }
  return blocks;
}

function projectName(global: View, problems: Problems): string {
  const statements = global.layers.flatMap((layer) =>
    layer.items.filter((item) => item.kind === 'statement' && item.keyword === 'project'),
  );
  const [first, second] = statements;
  if (!first) {
    problems.error('MLN_NO_PROJECT_NAME', 'the project has no name', {
      place: global.place,
      hint: 'write global { project NAME }',
    });
    return '';
  }
  if (second)
    problems.error('MLN_TWICE', 'the project is named twice', {
      place: first.place ?? undefined,
      hint: `the other name is at line ${second.place?.line ?? 0}`,
    });
  const name = global.word('project');
  if (name === null) return '';
  if (!isProjectName(name))
    problems.error('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be a project’s name`, {
      place: global.placeOf('project'),
      hint: `${namePattern}; a project’s has no dot`,
    });
  return name;
}

function nameOf(block: Block, global: View, problems: Problems): string {
  const name = global.readWords(block.words, block.place).join(' ');
  if (!isName(name))
    problems.error('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of a ${block.keyword}`, {
      place: block.place ?? undefined,
      hint: namePattern,
    });
  else if (isTaken(name))
    problems.error('MLN_BAD_NAME', `${name} is the name of a file in the project’s folder`, {
      place: block.place ?? undefined,
      hint: 'choose another',
    });
  return name;
}

function checkNames(named: readonly { block: Block; name: string }[], problems: Problems): void {
  const seen = new Map<string, Block>();
  for (const { block, name } of named) {
    const other = seen.get(name);
    if (other)
      problems.error('MLN_TWICE', `${name} is the name of a ${other.keyword} already`, {
        place: block.place ?? undefined,
        hint: `the other is at ${other.place?.file ?? ''}:${other.place?.line ?? 0}`,
      });
    else seen.set(name, block);
  }
}

function superclassesByName(blocks: readonly Block[], global: View, problems: Problems): ReadonlyMap<string, Block> {
  const named = blocks.map((block) => ({ block, name: nameOf(block, global, problems) }));
  checkNames(named, problems);
  return new Map(named.map(({ name, block }) => [name, block]));
}

/** A host's block and those of its superclasses, nearest first. */
function superclassChain(
  host: Block,
  superclasses: ReadonlyMap<string, Block>,
  global: View,
  problems: Problems,
): { layers: Block[]; names: string[] } {
  const layers = [host];
  const names: string[] = [];
  for (let block = host; ;) {
    const parent = block.items.findLast((item) => item.kind === 'statement' && item.keyword === 'superclass');
    if (parent?.kind !== 'statement') return { layers, names };
    const place = parent.place ?? undefined;
    const name = global.read(parent).join(' ');
    const found = superclasses.get(name);
    if (!found) {
      const guess = nearest(name, superclasses.keys());
      problems.error('MLN_NO_SUPERCLASS', `there is no superclass ${name}`, {
        place,
        hint: guess && `did you mean ${guess}?`,
      });
      return { layers, names };
    }
    if (names.includes(name)) {
      problems.error('MLN_SUPERCLASS_CYCLE', `the superclass ${name} inherits from itself`, {
        place,
        hint: [...names, name].join(' → '),
      });
      return { layers, names };
    }
    layers.push(found);
    names.push(name);
    block = found;
  }
}

/** Which interfaces are connected to each switch. */
function portsOf(hosts: readonly Host[]): ReadonlyMap<string, Switch['ports']> {
  const ports = new Map<string, [string, string][]>();
  for (const host of hosts)
    for (const each of host.interfaces)
      if (each.switch !== null) ports.set(each.switch, [...(ports.get(each.switch) ?? []), [host.name, each.name]]);
  return ports;
}

function variablesOf(global: View, blocks: readonly Block[]): Record<string, string> {
  const items = blocks.toReversed().flatMap((block) => block.items);
  const names = items.flatMap((item) => (item.kind === 'assignment' ? [item.name] : []));
  return Object.fromEntries([...new Set(names)].map((name) => [name, global.variable(name) ?? '']));
}
