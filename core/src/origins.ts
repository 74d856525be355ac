import type { Item, Origin, Tree } from './tree.js';

/** Stamps what a plug-in has added to a tree with the plug-in's name. */
export function stampOrigins(tree: Tree, plugin: string): Tree {
  const items = stampAll(tree.items, plugin);
  return items === tree.items ? tree : { ...tree, items };
}

function stampAll(items: readonly Item[], plugin: string): readonly Item[] {
  const stamped = items.map((item) => stamp(item, plugin));
  return stamped.some((item, index) => item !== items[index]) ? stamped : items;
}

function stamp(item: Item, plugin: string): Item {
  const origin = isUnsigned(item.origin) ? { plugin } : item.origin;
  const inner = item.kind === 'block' ? stampAll(item.items, plugin) : null;
  if (origin === item.origin && (item.kind !== 'block' || inner === item.items)) return item;
  return item.kind === 'block' ? { ...item, origin, items: inner ?? item.items } : { ...item, origin };
}

/** By its value: a plug-in may have been loaded with a core of its own. */
function isUnsigned(origin: Origin | null): boolean {
  return origin !== null && 'plugin' in origin && origin.plugin === '';
}
