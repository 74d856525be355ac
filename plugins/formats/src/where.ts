import { blockKind, type Keyword, type KeywordTable } from '@mln/core';

/** The block that an entry stands in, by the name that the keyword table has for it; null: nobody declares it. */
export interface Where {
  readonly block: string | null;
  /** The blocks in here are named by their keywords, as in `host { a { … } b { … } }`. */
  readonly names: string | null;
}

/** The top of a project. */
export const top: Where = { block: 'project', names: null };

/** How a keyword is declared that is the whole head of an entry. */
export function declared(keywords: KeywordTable, { block }: Where, head: string): Keyword | undefined {
  return block === null ? undefined : keywords.find(block, head);
}

/** Where the entries of a block stand. */
export function inside(keywords: KeywordTable, { block, names }: Where, head: string): Where {
  const [keyword = '', ...words] = head.split(/[ \t]+/).filter((word) => word !== '');
  const found = block === null ? undefined : keywords.find(block, keyword);
  if (!found) return { block: names, names: null };
  if (found.kind !== 'block') return { block: null, names: null };
  const kind = blockKind(keyword);
  return { block: kind, names: found.named === true && words.length === 0 ? kind : null };
}

/** Whether a head begins a block even where nothing follows it. */
export function isBlock(keywords: KeywordTable, where: Where, head: string): boolean {
  const kind = declared(keywords, where, head)?.kind;
  return kind === 'text' || kind === 'list' || inside(keywords, where, head).block !== null;
}
