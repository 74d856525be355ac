import type { Place, Problem } from './errors.js';
import type { ReadProject } from './read-project.js';
import type { Item } from './tree.js';

/** The warnings of keywords that nobody knows, but for those in superclasses that no host inherits: nothing is built of them. */
export function unknownInUse({ tree, views, warnings }: ReadProject): readonly Problem[] {
  const unknown = warnings.filter(({ code }) => code === 'MLN_UNKNOWN_KEYWORD');
  if (unknown.length === 0) return [];
  const inherited = new Set<Item>([...views.values()].flatMap((view) => view.layers));
  const inUse = new Set<string>();
  const visit = (item: Item): void => {
    if (item.place) inUse.add(keyOf(item.place));
    if (item.kind === 'block') item.items.forEach(visit);
  };
  for (const item of tree.items)
    if (item.kind !== 'block' || item.keyword !== 'superclass' || inherited.has(item)) visit(item);
  return unknown.filter(({ place }) => !place || inUse.has(keyOf(place)));
}

function keyOf({ file, line, column }: Place): string {
  return `${file}\0${line}\0${column}`;
}
