import { index } from './block-index.js';
import type { Keyword, KeywordTable } from './keywords.js';
import type { ReadProject } from './read-project.js';
import { print, quoteWord, type Block, type Item, type Statement, type Tree } from './tree.js';
import { blockKind } from './unknown.js';
import { secretRows } from './secret-rows.js';
import type { Found, View } from './view.js';
import { readWord } from './word.js';

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
      for (const each of saysOf(view, name)) {
        if (each.item.kind === 'statement') found.add(view.read(each as Found<Statement>)?.join(' ') ?? '');
        else if (each.item.kind === 'block')
          for (const item of each.item.items)
            for (const word of secretsOfRow(view.row(item, each.layer) ?? [], secret)) found.add(word);
      }
    }
  found.delete('');
  return found;
}

/** The words of a list’s row that are never printed, by what its keyword says of them. */
export function secretsOfRow(words: readonly string[], secret: Keyword['secret']): readonly string[] {
  if (secret === undefined) return [];
  return secret === true ? words : words.slice(secret, secret + 1);
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
  // As they stand between quotes of another language, too.
  const forms = [...secrets].flatMap((each) => [each, each.replace(/[\\"]/g, '\\$&')]);
  for (const secret of forms.sort((one, other) => other.length - one.length)) {
    if (/^[*!]*$/.test(secret) || !shown.includes(secret)) continue;
    const pattern = secret.replace(/[^\w]/g, '\\$&');
    shown = shown.replace(
      secret.length < 4 ? new RegExp(`(?<!\\w)${pattern}(?!\\w)`, 'g') : new RegExp(pattern, 'g'),
      hidden,
    );
  }
  return shown;
}

/** A tree with its secrets hidden, wherever else they stand in it, and the variables that they are made of. */
export function withoutSecrets(tree: Tree, keywords: KeywordTable): Tree {
  const variables = new Set<string>();
  const literals = new Set<string>();
  const conceal = (words: readonly string[]): string[] => {
    for (const word of words) {
      const used = [...word.matchAll(/\$(?:\[(\w+)\]|(\w+))/g)].map(([, marked, plain]) => marked ?? plain ?? '');
      for (const name of used) variables.add(name);
      if (used.length === 0) literals.add(readWord(word, () => undefined));
    }
    return words.length === 0 ? [] : [quoteWord(hidden)];
  };
  /** A row may be written as a block, `jack { HASH }`: it is the same words. */
  const row = (item: Item, secret: number): Item => {
    const all = wordsOfRow(item);
    if (all.length <= secret) return item;
    const [keyword = '', ...words] = all.flatMap((word, at) => (at === secret ? conceal([word]) : word));
    return { kind: 'statement', keyword, words, place: item.place, origin: item.origin };
  };
  const rowsOf = secretRows(keywords);
  /** A keyword that is misspelt, or stands where it does not belong, is as secret as the right one. */
  const secretOf = (kind: string | null, name: string): Keyword['secret'] => {
    const declared = kind === null ? undefined : keywords.find(kind, name);
    if (declared) return declared.secret;
    const rows = rowsOf(name);
    return rows === Infinity ? undefined : rows === 0 ? true : rows;
  };
  const hide = (items: readonly Item[], kind: string | null): Item[] =>
    items.map((item) => {
      if (item.kind !== 'statement' && item.kind !== 'block') return item;
      const secret = secretOf(kind, item.keyword);
      const isBlock = item.kind === 'block';
      if (secret === true) return { ...item, words: conceal(item.words), ...(isBlock && { items: [], raw: '' }) };
      if (secret !== undefined && isBlock) {
        const rows = item.items.map((each) => row(each, secret));
        return item.fenced ? { ...item, raw: '' } : withItems(item, rows);
      }
      if (secret !== undefined)
        return { ...item, words: [...item.words.slice(0, secret), ...conceal(item.words.slice(secret))] };
      const declared = kind === null ? undefined : keywords.find(kind, item.keyword)?.kind;
      return isBlock && (declared === undefined || declared === 'block')
        ? withItems(item, hide(item.items, blockKind(item.keyword)))
        : item;
    });
  const mask = (items: readonly Item[]): Item[] =>
    items.map((item) => {
      if (item.kind === 'include') return item;
      if (item.kind === 'assignment' && variables.has(item.name)) return { ...item, words: [quoteWord(hidden)] };
      const words = item.words.map((word) => (word.includes(hidden) ? word : withoutWords(word, literals)));
      if (item.kind !== 'block') return { ...item, words };
      const inner = withItems({ ...item, words }, mask(item.items));
      return { ...inner, raw: withoutWords(inner.raw, literals) };
    });
  const addValues = (items: readonly Item[]): void => {
    for (const item of items)
      if (item.kind === 'block') addValues(item.items);
      else if (item.kind === 'assignment' && variables.has(item.name))
        for (const word of item.words) literals.add(readWord(word, () => undefined));
  };
  const shown = hide(tree.items, 'project');
  addValues(shown);
  return { ...tree, items: mask(shown) };
}

/** The words of a list’s row as they are written. */
function wordsOfRow(item: Item): readonly string[] {
  if (item.kind !== 'statement' && item.kind !== 'block') return [];
  return [item.keyword, ...item.words, ...(item.kind === 'block' ? item.items.flatMap(wordsOfRow) : [])];
}

function withItems(block: Block, items: readonly Item[]): Block {
  return items.every((item, index) => item === block.items[index]) ? block : { ...block, items, raw: print(items) };
}
