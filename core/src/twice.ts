import { placeHint } from './project-blocks.js';
import type { Problems } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { Block, Item, Statement, Tree } from './tree.js';
import { blockKind } from './unknown.js';

type Keyed = Statement | Block;

/** Warns of values and keys of lists that one block gives twice: the last counts. Two named blocks of one name are an error. */
export function reportTwice(tree: Tree, keywords: KeywordTable, problems: Problems): void {
  const told = (item: Item): { place?: NonNullable<Item['place']> } => (item.place ? { place: item.place } : {});
  const warn = (what: string, first: Item, item: Item): void => {
    const hint = `the last counts; the other is at ${placeHint(first)}`;
    problems.warning('MLN_TWICE', `${what} is given twice`, { ...told(item), hint });
  };
  const check = (block: Block, kind: string): void => {
    const seen = new Map<string, Item>();
    const once = (key: string, what: string, item: Item): void => {
      const first = seen.get(key);
      if (first) warn(what, first, item);
      seen.set(key, item);
    };
    const rows = new Map<string, Map<string, Item>>();
    for (const item of block.items) {
      if (item.kind === 'assignment') once(`$${item.name}`, `$${item.name}`, item);
      if (item.kind !== 'statement' && item.kind !== 'block') continue;
      const keyword = keywords.find(kind, item.keyword);
      if (!keyword) continue;
      const name = keyword.sameAs ?? keyword.name;
      if (keyword.kind === 'list' && item.kind === 'block') checkRows(item, keyword, rows, warn);
      else if (keyword.kind === 'block' && item.kind === 'block') {
        if (keyword.named === true) onceNamed(item, seen, problems);
        check(item, blockKind(item.keyword));
      } else if (isScalar(keyword, item) && !(kind === 'global' && name === 'project')) once(name, name, item);
    }
  };
  for (const item of tree.items)
    if (item.kind === 'block' && keywords.find('project', item.keyword)) check(item, blockKind(item.keyword));
}

function isScalar({ kind }: Keyword, item: Keyed): boolean {
  return item.kind === 'statement' && !['address', 'list', 'text', 'block'].includes(kind);
}

function onceNamed(item: Block, seen: Map<string, Item>, problems: Problems): void {
  const head = [item.keyword, ...item.words].join(' ');
  const first = seen.get(`${head} {`);
  if (first)
    problems.error('MLN_TWICE', `${head} is described twice`, {
      place: item.place ?? undefined,
      hint: `the other is at ${placeHint(first)}`,
    });
  seen.set(`${head} {`, item);
}

/** Rows of all lists of one keyword in one block, by their keys. */
function checkRows(
  list: Block,
  { name, key = 0 }: Keyword,
  all: Map<string, Map<string, Item>>,
  warn: (what: string, first: Item, item: Item) => void,
): void {
  const rows = all.get(name) ?? new Map<string, Item>();
  all.set(name, rows);
  for (const item of list.items) {
    if (item.kind !== 'statement' && item.kind !== 'block') continue;
    const word = [item.keyword, ...item.words][key];
    if (word === undefined) continue;
    const first = rows.get(word);
    if (first) warn(`${word} in ${name}`, first, item);
    rows.set(word, item);
  }
}
