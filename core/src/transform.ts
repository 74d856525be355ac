import { Problems } from './errors.js';
import type { Block, Tree } from './tree.js';
import { View, type ViewContext } from './view.js';

/** What transformTree gives beside the tree. */
export interface TreeContext {
  /** Variables of `global` that the command line sets. */
  readonly set: ReadonlyMap<string, string>;
  /** Options of the command line that plug-ins have added to the verb. */
  readonly options: Readonly<Record<string, unknown>>;
  /** A block of the tree with what it inherits, for reading: inheritance and variables are lookups. */
  view(tree: Tree, block: Block): View;
}

export function createTreeContext(
  set: ReadonlyMap<string, string>,
  options: Readonly<Record<string, unknown>>,
): TreeContext {
  return {
    set,
    options,
    view(tree, block) {
      const blocks = tree.items.filter((item) => item.kind === 'block');
      const context: ViewContext = { problems: new Problems(), global: null, set };
      const global = new View(blocks.filter((each) => each.keyword === 'global').reverse(), null, context);
      context.global = global;
      const layers = [block];
      for (let name = parentOf(block); name !== undefined;) {
        const parent = blocks.find((each) => each.keyword === 'superclass' && each.words.join(' ') === name);
        if (!parent || layers.includes(parent)) break;
        layers.push(parent);
        name = parentOf(parent);
      }
      return new View(layers, block.keyword === 'global' ? null : global, context);
    },
  };
}

function parentOf(block: Block): string | undefined {
  const found = block.items.findLast((item) => item.kind === 'statement' && item.keyword === 'superclass');
  return found?.kind === 'statement' ? found.words.join(' ') : undefined;
}
