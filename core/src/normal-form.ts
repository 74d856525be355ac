import { joinBraces } from './brace-apart.js';
import type { KeywordTable } from './keywords.js';
import type { Block, Item, Tree } from './tree.js';

/*
 * The form in which the original saved its projects: `host { a { … } b { … } }` is `host a { … }` and `host b { … }`,
 * and so with superclasses, switches and networks; `hosts { a eth0 }` in a switch is what mln finds out itself.
 */

const containers = new Set(['host', 'superclass', 'switch']);

/** Reads the original's saved form as the form that people write, and braces on lines of their own as if they were not. */
export function normalForm(tree: Tree, keywords: KeywordTable): Tree {
  const items = changed(joinBraces(tree.items, keywords), (item) => {
    if (item.kind !== 'block' || !containers.has(item.keyword)) return item;
    const named = unfold(item) ?? [item];
    return named.map((block) => ({ ...block, items: block.keyword === 'switch' ? ofSwitch(block) : ofHost(block) }));
  });
  return items === tree.items ? tree : { ...tree, items };
}

function ofHost(block: Block): readonly Item[] {
  return changed(block.items, (item) =>
    item.kind === 'block' && item.keyword === 'network' ? (unfold(item) ?? item) : item,
  );
}

function ofSwitch(block: Block): readonly Item[] {
  return changed(block.items, (item) => (item.kind === 'block' && item.keyword === 'hosts' ? [] : item));
}

/** The blocks of a container that has no name of its own and holds nothing but nameless blocks. */
function unfold({ keyword, words, items }: Block): Block[] | null {
  if (words.length > 0 || items.length === 0) return null;
  const blocks = items.filter((item) => item.kind === 'block');
  if (
    blocks.length < items.length ||
    blocks.some((block) => block.words.length > 0 || block.keyword === '' || block.fenced)
  )
    return null;
  return blocks.map((block) => ({ ...block, keyword, words: [block.keyword] }));
}

/** Items with each one replaced; the same array where nothing changes. */
function changed(items: readonly Item[], change: (item: Item) => Item | readonly Item[]): readonly Item[] {
  const result = items.map(change);
  return result.every((each, index) => each === items[index]) ? items : result.flat();
}
