import type { KeywordTable } from './keywords.js';
import { print, quoteWord, type Block, type Item, type Tree } from './tree.js';
import { blockKind } from './unknown.js';
import type { View } from './view.js';

/** Files of a guest that hold password hashes. */
const secretFiles = /^\/etc\/g?shadow-?$/;

/** Takes password hashes out of a guest's file before it is printed. */
export function hideSecrets(path: string, text: string): string {
  if (!secretFiles.test(path) && path !== '/etc/passwd') return text;
  return text.replace(/^([^:\n]*:)([^:\n]{2,})(?=:)/gm, '$1(secret)');
}

/** What stands in the place of a secret. */
export const hidden = '(secret)';

/** The values of all keywords that are never printed: variables that hold one of them are secret as well. */
export function secretWords(views: Iterable<View>, keywords: KeywordTable): Set<string> {
  const found = new Set<string>();
  for (const view of views)
    for (const name of view.keywords()) {
      const keyword = view.kind === null ? undefined : keywords.find(view.kind, name);
      if (keyword?.secret === undefined) continue;
      const word = keyword.kind === 'list' ? null : view.word(name);
      if (word !== null) found.add(word);
      if (typeof keyword.secret === 'number')
        for (const { words } of view.list(name, keyword.key)) found.add(words[keyword.secret] ?? '');
    }
  found.delete('');
  return found;
}

/** A tree with its secrets hidden, and the variables that they are made of. */
export function withoutSecrets(tree: Tree, keywords: KeywordTable): Tree {
  const variables = new Set<string>();
  const conceal = (words: readonly string[]): string[] => {
    for (const word of words)
      for (const [, marked, plain] of word.matchAll(/\$(?:\[(\w+)\]|(\w+))/g)) variables.add(marked ?? plain ?? '');
    return words.length === 0 ? [] : [quoteWord(hidden)];
  };
  const row = (item: Item, from: number): Item => {
    if (item.kind !== 'statement') return item;
    const [before, secret] = [item.words.slice(0, from - 1), item.words.slice(from - 1, from)];
    return { ...item, words: [...before, ...conceal(secret), ...item.words.slice(from)] };
  };
  const hide = (items: readonly Item[], kind: string | null): Item[] =>
    items.map((item) => {
      if (item.kind !== 'statement' && item.kind !== 'block') return item;
      const keyword = kind === null ? undefined : keywords.find(kind, item.keyword);
      if (item.kind === 'statement') return keyword?.secret === true ? { ...item, words: conceal(item.words) } : item;
      if (typeof keyword?.secret === 'number') {
        const { secret } = keyword;
        return withItems(
          item,
          item.items.map((each) => row(each, secret)),
        );
      }
      return keyword?.kind === 'block' ? withItems(item, hide(item.items, blockKind(item.keyword))) : item;
    });
  const mask = (items: readonly Item[]): Item[] =>
    items.map((item) => {
      if (item.kind === 'assignment' && variables.has(item.name)) return { ...item, words: [quoteWord(hidden)] };
      return item.kind === 'block' && item.items.length > 0 ? withItems(item, mask(item.items)) : item;
    });
  return { ...tree, items: mask(hide(tree.items, 'project')) };
}

function withItems(block: Block, items: readonly Item[]): Block {
  return items.every((item, index) => item === block.items[index]) ? block : { ...block, items, raw: print(items) };
}
