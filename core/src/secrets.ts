import { index } from './block-index.js';
import type { KeywordTable } from './keywords.js';
import type { ReadProject } from './read-project.js';
import { print, quoteWord, type Block, type Item, type Statement, type Tree } from './tree.js';
import { blockKind } from './unknown.js';
import type { Found, View } from './view.js';

/** Files of a guest that hold password hashes. */
const secretFiles = /^\/etc\/g?shadow-?$/;

/** Takes password hashes out of a guest's file before it is printed. */
export function hideSecrets(path: string, text: string): string {
  if (!secretFiles.test(path) && path !== '/etc/passwd') return text;
  return text.replace(/^([^:\n]*:)([^:\n]{2,})(?=:)/gm, '$1(secret)');
}

/** What stands in the place of a secret. */
export const hidden = '(secret)';

/** The values of all keywords that are never printed, those that a nearer one takes the place of too: variables that hold one of them are secret as well. */
export function secretWords(views: Iterable<View>, keywords: KeywordTable): Set<string> {
  const found = new Set<string>();
  for (const view of views)
    for (const name of view.keywords()) {
      const secret = view.kind === null ? undefined : keywords.find(view.kind, name)?.secret;
      if (secret === undefined) continue;
      const from = secret === true ? 0 : secret;
      for (const each of saysOf(view, name)) {
        if (each.item.kind === 'statement') found.add(view.read(each as Found<Statement>)?.join(' ') ?? '');
        else if (each.item.kind === 'block')
          for (const item of each.item.items)
            for (const word of view.row(item, each.layer)?.slice(from) ?? []) found.add(word);
      }
    }
  found.delete('');
  return found;
}

function saysOf(view: View, name: string): Found[] {
  return view.layers.flatMap((layer, at) => (index(layer).get(name) ?? []).map((item) => ({ item, layer: at })));
}

/** The secrets that the texts of a unit may hold: its own, and those that are variables of the project. */
export function secretsSeen(
  { project, views }: Pick<ReadProject, 'project' | 'views'>,
  keywords: KeywordTable,
): (unit: string) => readonly string[] {
  let shared: readonly string[] | undefined;
  const ofProject = (): readonly string[] => {
    const all = secretWords(views.values(), keywords);
    return Object.values(project.variables).filter((value) => all.has(value));
  };
  return (unit) => {
    const view = views.get(unit);
    shared ??= ofProject();
    return [...(view ? secretWords([view], keywords) : []), ...shared];
  };
}

/** A text with `(secret)` in the place of these words: of short ones only where they stand alone, and never of those that lock an account. */
export function withoutWords(text: string, secrets: Iterable<string>): string {
  let shown = text;
  for (const secret of [...secrets].sort((one, other) => other.length - one.length)) {
    if (/^[*!]*$/.test(secret) || !shown.includes(secret)) continue;
    const pattern = secret.replace(/[^\w]/g, '\\$&');
    shown = shown.replace(
      secret.length < 4 ? new RegExp(`(?<!\\w)${pattern}(?!\\w)`, 'g') : new RegExp(pattern, 'g'),
      hidden,
    );
  }
  return shown;
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
