import { takesBlock } from './keyword-hint.js';
import type { KeywordTable } from './keywords.js';
import type { Block, Item } from './tree.js';

/** Reads a `{` on a line of its own as that of the statement before it, where that one takes a block: it is told of as one mistake. */
export function joinBraces(items: readonly Item[], keywords: KeywordTable): readonly Item[] {
  let joined: Item[] | null = null;
  for (const [index, item] of items.entries()) {
    const inner = item.kind === 'block' ? withJoined(item, keywords) : item;
    const before = joined ? joined.at(-1) : items[index - 1];
    const isApart = inner.kind === 'block' && inner.keyword === '' && inner.words.length === 0;
    if (isApart && before?.kind === 'statement' && isBlock(before.keyword, keywords)) {
      joined ??= items.slice(0, index);
      const { keyword, words, place } = before;
      joined[joined.length - 1] = { ...inner, keyword, words, place, apart: true };
    } else if (inner !== item || joined) {
      joined ??= items.slice(0, index);
      joined.push(inner);
    }
  }
  return joined ?? items;
}

function withJoined(block: Block, keywords: KeywordTable): Block {
  const items = joinBraces(block.items, keywords);
  return items === block.items ? block : { ...block, items };
}

function isBlock(name: string, keywords: KeywordTable): boolean {
  return keywords.places().some((place) => {
    const keyword = keywords.find(place, name);
    return keyword !== undefined && takesBlock(keyword);
  });
}
