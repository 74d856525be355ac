import type { Place } from './errors.js';

/**
 * A project file as the grammar reads it. Nothing here is interpreted: no keyword is known, no variable replaced, no
 * superclass followed. Words are kept as they were written, with their quotes and escapes (see word.ts).
 */
export interface Tree {
  readonly file: string;
  readonly items: readonly Item[];
  /** The project in the mln language, where its file is in another: what raw texts and spans are parts of. */
  readonly text?: string;
}

export type Item = Block | Statement | Assignment | Include;

/** Who put an item into the tree when no file did: a plug-in, or an option of the command line. */
export type Origin = { readonly plugin: string } | { readonly option: string };

interface Placed {
  /** Null for what no file holds. */
  readonly place: Place | null;
  readonly origin: Origin | null;
  /** Where a no-break space was read as a blank. */
  readonly noBreakSpace?: Place;
}

export interface Statement extends Placed {
  readonly kind: 'statement';
  readonly keyword: string;
  readonly words: readonly string[];
}

/** `$name = words`. */
export interface Assignment extends Placed {
  readonly kind: 'assignment';
  readonly name: string;
  readonly words: readonly string[];
}

/** `keyword words { … }`, or (fenced) `keyword <<WORD`. */
export interface Block extends Placed {
  readonly kind: 'block';
  readonly keyword: string;
  readonly words: readonly string[];
  readonly items: readonly Item[];
  /** What stands between the braces, as written, included files in place. */
  readonly raw: string;
  /** Where the raw text begins in its file. */
  readonly from: number;
  /** The text was fenced with <<WORD and was not read for statements. */
  readonly fenced: boolean;
}

/** `#include PATH`; there is none left in the tree that transformTree sees. */
export interface Include extends Placed {
  readonly kind: 'include';
  readonly path: string;
  /** Where the directive stands in its file: [start, end). */
  readonly span: readonly [number, number];
}

/** What a plug-in has made, before it is known which one it was. */
export const unsigned: Origin = Object.freeze({ plugin: '' });

/** Names who put an item into the tree; null for a file. */
export function makerOf({ origin }: Item): string | null {
  if (origin === null) return null;
  return 'plugin' in origin ? `plug-in ${origin.plugin}` : origin.option;
}

/** Makes a statement that no file holds. Words that hold blanks, quotes or dollars need {@link quoteWord}. */
export function statement(keyword: string, ...words: readonly string[]): Statement {
  return { kind: 'statement', keyword, words, place: null, origin: unsigned };
}

/** Makes a block that no file holds; its raw text is its items, printed. The place is that of what it was made of. */
export function block(
  keyword: string,
  words: readonly string[],
  items: readonly Item[],
  place: Place | null = null,
): Block {
  return {
    kind: 'block',
    keyword,
    words,
    items,
    raw: print(items, ''),
    from: 0,
    fenced: false,
    place,
    origin: unsigned,
  };
}

/** Writes a value as one word that reads as that value. */
export function quoteWord(value: string): string {
  if (/^[^\s;{}"'\\#$<][^\s;{}"'\\$<]*$/.test(value)) return value;
  return `"${value.replace(/["\\$]/g, '\\$&')}"`;
}

/** Prints items in the layout of the language, two blanks for each level. Blocks that hold text are printed as their statements. */
export function print(items: readonly Item[], indent = ''): string {
  return items.map((item) => indent + printItem(item, indent)).join('\n');
}

function printItem(item: Item, indent: string): string {
  switch (item.kind) {
    case 'statement':
      return [item.keyword, ...item.words].join(' ');
    case 'assignment':
      return [`$${item.name}`, '=', ...item.words].join(' ');
    case 'include':
      return `#include ${quoteWord(item.path)}`;
    case 'block': {
      const head = [item.keyword, ...item.words].join(' ');
      if (item.items.length === 0) return `${head} { }`;
      return `${head} {\n${print(item.items, `${indent}  `)}\n${indent}}`;
    }
  }
}
