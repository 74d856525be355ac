import { join } from 'node:path';
import { checkNetworks, checkUnusedNetworks } from './check-networks.js';
import { checkSwitches } from './check-switches.js';
import { claimUnits } from './claims.js';
import { hookBlocks } from './core-keywords.js';
import { Problems, type Problem } from './errors.js';
import type { Hooks } from './hooks.js';
import { inheritedBy, superclassChain } from './inherit.js';
import type { Host, Project, Switch, Unit } from './project.js';
import { checkNames, namedBlocks, projectBlocks, projectName, type NamedBlock } from './project-blocks.js';
import { rehearsedLayers, rehearsedNetworks } from './rehearse.js';
import { resolveHost } from './resolve-host.js';
import { portsOf, resolveSwitch } from './resolve-switch.js';
import { Scope, type ReadingContext } from './scope.js';
import type { Block, Tree } from './tree.js';
import { reportTwice } from './twice.js';
import { reportUnknown } from './unknown.js';
import { compareNames, nearest } from './values.js';
import { View } from './view.js';

export interface ResolveOptions {
  /** This server's own name, where it has one. */
  readonly home?: string | null;
  /** The folder of the project file. */
  readonly source: string;
  /** Where projects are kept. */
  readonly projects: string;
  /** As a test bed on this machine alone. */
  readonly rehearse?: boolean;
  /** What all hosts are made from then, in the stead of their own templates. */
  readonly template?: string;
  /** A keyword that nobody knows is an error. */
  readonly strict?: boolean;
}

export interface Resolved {
  readonly project: Project;
  /** What the values of hosts and switches were read from, by their names. */
  readonly views: ReadonlyMap<string, View>;
  readonly warnings: readonly Problem[];
}

/** Reads a tree as a project: every value found, checked, and claimed by the plug-in that it is for. Throws all that is wrong. */
export function resolveProject(tree: Tree, context: ReadingContext, hooks: Hooks, options: ResolveOptions): Resolved {
  const { problems, keywords } = context;
  const blocks = projectBlocks(tree);
  const name = projectName(tree.file, blocks.global, new Scope(blocks.global, null, context), problems);
  const global = new View(
    { layers: blocks.global, scope: new Scope(blocks.global, null, context, { project: name }), kind: 'global' },
    context,
  );
  const hostBlocks = namedBlocks(blocks.host, global.scope, problems);
  const switchBlocks = namedBlocks(blocks.switch, global.scope, problems);
  const superclassBlocks = namedBlocks(blocks.superclass, global.scope, problems);
  checkNames([...hostBlocks, ...switchBlocks], problems);
  checkNames(superclassBlocks, problems);
  reportUnknown(tree, keywords, problems, options.strict === true ? 'error' : 'warning');
  reportTwice(tree, keywords, problems);

  const superclasses = new Map(superclassBlocks.map((each) => [each.name, each.block]));
  const { rehearse = false, template } = options;
  const reading: Reading = { context, global, superclasses, used: new Set(), rehearse, template };
  const views = new Map<string, View>();
  const declared = hostBlocks.map((each) => readHost(each, reading, views));
  const ports = portsOf(declared);
  const declaredSwitches = switchBlocks.map((each) => readSwitch(each, ports, reading, views));
  for (const view of [global, ...views.values()]) view.scope.checkVariables();
  checkSet(context, global);

  const { hosts, switches } = reading.rehearse
    ? rehearsedNetworks(declared, declaredSwitches)
    : { hosts: declared, switches: declaredSwitches };
  const draft: Project = {
    name,
    home: options.home ?? null,
    source: options.source,
    directory: join(options.projects, name),
    switches: [...switches].sort((one, other) => compareNames(one.name, other.name)),
    hosts: [...hosts].sort((one, other) => one.bootOrder - other.bootOrder || compareNames(one.name, other.name)),
    hookBlocks: hookTexts(global),
    variables: variablesOf(global),
    secret: null,
  };
  checkSwitches(draft, views);
  checkUnused(superclassBlocks, draft, reading);
  const viewOf = (unit: Unit): View => views.get(unit.name) ?? emptyView(unit, reading);
  const claimed = claimUnits(draft, { hooks, keywords, problems, viewOf });
  const project = checkNetworks(claimed, views, problems);
  problems.throwErrors();
  return { project, views, warnings: problems.warnings };
}

interface Reading {
  readonly context: ReadingContext;
  readonly global: View;
  readonly superclasses: ReadonlyMap<string, Block>;
  /** Superclasses that a host inherits. */
  readonly used: Set<string>;
  readonly rehearse: boolean;
  readonly template: string | undefined;
}

function readHost({ name, block }: NamedBlock, reading: Reading, views: Map<string, View>): Host {
  const { context, global, superclasses, used, rehearse, template } = reading;
  const chain = superclassChain(block, superclasses, global.scope, context.problems);
  for (const each of chain.names) used.add(each);
  // In a rehearsal a layer with its settings stands before the host's own.
  const layers = rehearse ? rehearsedLayers('host', chain.layers, context, template) : chain.layers;
  const inherited = inheritedBy(name, chain.names);
  const scope = new Scope(layers, global.scope, context, { hostname: name });
  const offset = layers.length - chain.layers.length;
  const view = new View(
    { layers, scope, kind: 'host', inherited: (layer) => inherited(Math.max(0, layer - offset)) },
    context,
  );
  views.set(name, view);
  return resolveHost(name, chain.names, view, context.keywords);
}

function readSwitch(
  { name, block }: NamedBlock,
  ports: ReadonlyMap<string, Switch['ports']>,
  { context, global, rehearse }: Reading,
  views: Map<string, View>,
): Switch {
  const layers = rehearse ? rehearsedLayers('switch', [block], context) : [block];
  const view = new View({ layers, scope: new Scope(layers, global.scope, context), kind: 'switch' }, context);
  views.set(name, view);
  return resolveSwitch(name, view, ports.get(name) ?? [], context.keywords);
}

/** A switch that a rehearsal has made has no block. */
function emptyView(unit: Unit, { context, global }: Reading): View {
  return new View({ layers: [], scope: global.scope, kind: unit.kind }, context);
}

/** Superclasses that no host inherits are read all the same; variables are judged in hosts. */
function checkUnused(superclasses: readonly NamedBlock[], draft: Project, reading: Reading): void {
  for (const each of superclasses) {
    if (reading.used.has(each.name)) continue;
    const problems = new Problems();
    const views = new Map<string, View>();
    const read = readHost(each, { ...reading, context: { ...reading.context, problems } }, views);
    checkUnusedNetworks([read], draft, views);
    reading.context.problems.addAll(problems.all.filter(({ code }) => code !== 'MLN_NO_VARIABLE'));
  }
}

/** Tells of variables that the command line sets and the project does not have. */
function checkSet({ set, asked, problems }: ReadingContext, global: View): void {
  const known = global.scope.ownNames();
  for (const name of set.keys()) {
    if (asked.has(name) || known.includes(name)) continue;
    const guess = nearest(name, known);
    problems.error('MLN_NO_VARIABLE', `--set: the project has no variable $${name}`, {
      hint: guess === undefined ? `it has ${known.join(', ') || 'none'}` : `did you mean ${guess}?`,
    });
  }
}

function hookTexts(global: View): Project['hookBlocks'] {
  return Object.fromEntries(
    hookBlocks.flatMap((hook) => {
      const text = global.text(hook);
      return text === null ? [] : [[hook, text] as const];
    }),
  );
}

function variablesOf(global: View): Record<string, string> {
  return Object.fromEntries(global.scope.ownNames().map((name) => [name, global.scope.value(name) ?? '']));
}
