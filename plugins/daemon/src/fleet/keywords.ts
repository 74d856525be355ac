import { statement, type Item, type Keyword, type Tree, type TreeContext } from '@mln/core';

/** A guest that should run, runs. */
export const persistent: readonly Keyword[] = [
  {
    name: 'persistent',
    in: ['global', 'host'],
    kind: 'flag',
    example: 'persistent',
    rehearsal: null,
    upgrade: 'live',
    help: 'The daemon of its server starts the host when the server starts, and again when it has died, until it is stopped; in global, of all hosts that do not say no.',
  },
];

/** What global says counts for hosts that say nothing themselves, and inherit nothing. */
export function makePersistent(tree: Tree, context: TreeContext): Tree {
  const global = context.global(tree);
  if (!global.has('persistent') || global.flag('persistent') !== true) return tree;
  const saying = (item: Item): Item => {
    if (item.kind !== 'block' || item.keyword !== 'host') return item;
    if (context.view(tree, item).has('persistent')) return item;
    return { ...item, items: [...item.items, statement('persistent')] };
  };
  return { ...tree, items: tree.items.map(saying) };
}
