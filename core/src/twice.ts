import type { Problems } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import { warnOfTwice } from './told-twice.js';
import type { Block, Item, Statement, Tree } from './tree.js';
import { blockKind } from './unknown.js';

type Keyed = Statement | Block;

/** Warns of values and variables that one block gives twice. Keys of lists, and blocks of one name, are compared where they are read. */
export function reportTwice(tree: Tree, keywords: KeywordTable, problems: Problems): void {
  const check = (block: Block, kind: string): void => {
    const seen = new Map<string, Item>();
    const once = (key: string, what: string, item: Item): void => {
      const first = seen.get(key);
      if (first) warnOfTwice(what, first, item, problems);
      seen.set(key, item);
    };
    for (const item of block.items) {
      if (item.kind === 'assignment') once(`$${item.name}`, `$${item.name}`, item);
      if (item.kind !== 'statement' && item.kind !== 'block') continue;
      const keyword = keywords.find(kind, item.keyword);
      if (!keyword) continue;
      const name = keyword.sameAs ?? keyword.name;
      if (keyword.kind === 'block' && item.kind === 'block') check(item, blockKind(item.keyword));
      else if (isScalar(keyword, item) && !(kind === 'global' && name === 'project')) once(name, name, item);
    }
  };
  for (const item of tree.items)
    if (item.kind === 'block' && keywords.find('project', item.keyword)) check(item, blockKind(item.keyword));
}

function isScalar({ kind }: Keyword, item: Keyed): boolean {
  return item.kind === 'statement' && !['address', 'list', 'text', 'block'].includes(kind);
}
