import { parseProject } from './grammar.js';
import type { KeywordTable } from './keywords.js';
import type { Item } from './tree.js';
import { blockKind } from './unknown.js';
import { dedent, onOneLine } from './word.js';

/** Tells whether two texts of a file are the same project: the same items, and the same texts but for their indentation. */
export function sameMeaning(one: string, other: string, file: string, keywords: KeywordTable): boolean {
  const outline = (text: string): string =>
    JSON.stringify(outlineOf(parseProject(text, file).items, 'project', keywords));
  return outline(one) === outline(other);
}

function outlineOf(items: readonly Item[], kind: string | null, keywords: KeywordTable): unknown[] {
  return items.map((item) => {
    if (item.kind === 'include') return ['include', item.path];
    if (item.kind === 'assignment') return ['$', item.name, item.words.map(onOneLine)];
    if (item.kind === 'statement') return [onOneLine(item.keyword), item.words.map(onOneLine)];
    const declared = kind === null ? undefined : keywords.find(kind, item.keyword)?.kind;
    if (item.fenced) return [item.keyword, 'fenced', item.raw.replace(/\r\n/g, '\n')];
    if (declared === 'block' || declared === 'list')
      return [
        item.keyword,
        item.words,
        outlineOf(item.items, declared === 'list' ? 'list' : blockKind(item.keyword), keywords),
      ];
    return [onOneLine(item.keyword), item.words.map(onOneLine), 'text', dedent(item.raw)];
  });
}
