import { superclassChain } from './inherit.js';
import type { Problems } from './errors.js';
import { namedBlocks, projectBlocks, projectName } from './project-blocks.js';
import { Scope, type ReadingContext } from './scope.js';
import type { Block, Tree } from './tree.js';
import { View } from './view.js';

/** What transformTree gives beside the tree. */
export interface TreeContext {
  /** Variables of `global` that the command line sets. */
  readonly set: ReadonlyMap<string, string>;
  /** Options of the command line that plug-ins have added to the verb. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What is wrong with what a tap reads; told together with all other problems of the project. */
  readonly problems: Problems;
  /** All global blocks of the tree as one, for reading. */
  global(tree: Tree): View;
  /** The interfaces of all hosts of the tree, with what they inherit; the block is the host's. */
  interfaces(tree: Tree): readonly InterfaceView[];
  /** A block with what it inherits, for reading: one at the top of the tree, or one in global. Inheritance and variables are lookups. */
  view(tree: Tree, block: Block): View;
}

/** An interface before it is resolved: the names of host and interface, the host's block, and the interface for reading. */
export interface InterfaceView {
  readonly host: string;
  readonly name: string;
  readonly block: Block;
  readonly view: View;
}

const topBlocks = new Set(['host', 'superclass', 'switch']);

export function createTreeContext(context: ReadingContext, options: Readonly<Record<string, unknown>>): TreeContext {
  const globalOf = (tree: Tree): View => {
    const layers = projectBlocks(tree).global;
    const project = projectName(tree.file, layers, new Scope(layers, null, context), context.problems);
    return new View({ layers, scope: new Scope(layers, null, context, { project }), kind: 'global' }, context);
  };
  const self: TreeContext = {
    set: context.set,
    options,
    problems: context.problems,
    global: globalOf,
    interfaces(tree) {
      const hosts = namedBlocks(projectBlocks(tree).host, globalOf(tree).scope, context.problems);
      return hosts.flatMap(({ name: host, block }) =>
        [...self.view(tree, block).named('network')].map(([name, view]) => ({ host, name, block, view })),
      );
    },
    view(tree, block) {
      const { scope } = globalOf(tree);
      if (block.keyword === 'global') return globalOf(tree);
      if (!topBlocks.has(block.keyword)) {
        const kind = context.keywords.find('global', block.keyword) ? block.keyword : null;
        return new View({ layers: [block], scope: new Scope([block], scope, context), kind }, context);
      }
      const superclasses = namedBlocks(projectBlocks(tree).superclass, scope, context.problems);
      const byName = new Map(superclasses.map((each) => [each.name, each.block]));
      const { layers } = superclassChain(block, byName, scope, context.problems);
      const kind = block.keyword === 'switch' ? 'switch' : 'host';
      const named = block.keyword === 'host' ? { hostname: scope.read(block.words, block.place).words.join(' ') } : {};
      return new View({ layers, scope: new Scope(layers, scope, context, named), kind }, context);
    },
  };
  return self;
}
