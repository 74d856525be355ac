import { MlnError, type Place, type Problem } from './errors.js';
import { heredocWord } from './heredoc.js';

/**
 * A project file as the grammar reads it. Nothing here is interpreted: no keyword is known, no variable replaced, no
 * superclass followed. Words are kept as they were written, with their quotes and escapes (see word.ts).
 */
export interface Tree {
  readonly file: string;
  readonly items: readonly Item[];
  /** The project in the mln language, where its file is in another: what raw texts and spans are parts of. */
  readonly text?: string;
  /** What is wrong with its grammar; the items are what could be read. They are told with those of all other files, and no further reading follows. */
  readonly problems?: readonly Problem[];
}

/** Gives a tree back. Throws an MlnError with what is wrong with its grammar. */
export function wholeTree(tree: Tree): Tree {
  const { problems = [] } = tree;
  if (problems.length > 0) throw new MlnError(problems);
  return tree;
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
  /** Its brace stands on a line of its own. */
  readonly apart?: true;
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

/**
 * Gives a block with a statement in it, in the place of those of its keyword. The path leads to the block that it belongs
 * into, by head (['network', 'eth0']); what is missing of it is made.
 */
export function withStatement(owner: Block, path: readonly (readonly string[])[], line: Statement): Block {
  const [head, ...rest] = path;
  if (!head) {
    const others = owner.items.filter((item) => item.kind !== 'statement' || item.keyword !== line.keyword);
    return { ...owner, items: [...others, line] };
  }
  const [keyword = '', ...words] = head;
  const isIt = (item: Item): item is Block =>
    item.kind === 'block' && item.keyword === keyword && item.words.join(' ') === words.join(' ');
  const last = owner.items.findLast(isIt);
  const made = withStatement(last ?? block(keyword, words, [], owner.place), rest, line);
  return { ...owner, items: last ? owner.items.map((item) => (item === last ? made : item)) : [...owner.items, made] };
}

/** Writes a value as one word that reads as that value. */
export function quoteWord(value: string): string {
  if (/^[^\s;{}"'\\#$<][^\s;{}"'\\$<]*$/.test(value)) return value;
  return `"${value.replace(/["\\$]/g, '\\$&')}"`;
}

/** Writes a path as #include takes it: there are no escapes in it. */
function quotePath(path: string): string {
  if (/^[^\s;{}"'<][^\s;{}]*$/.test(path)) return path;
  return path.includes('"') ? `'${path}'` : `"${path}"`;
}

/** Prints items in the layout of the language, two blanks for each level. Blocks that hold text are printed as their statements. */
export function print(items: readonly Item[], indent = ''): string {
  const text = items.map((item) => indent + printItem(item, indent)).join('\n');
  // At the beginning of a file U+FEFF would be a byte order mark.
  return text.replace(/^\ufeff/, ' \ufeff');
}

/** Writes `$name = words`. A word that would be a block, a comment or a heredoc behind a blank stays at the sign. */
export function printAssignment(name: string, words: readonly string[]): string {
  const [first = ''] = words;
  const apart = /^[{#]/.test(first) || heredocWord.test(first) ? '' : ' ';
  return words.length === 0 ? `${name} =` : `${name} =${apart}${printWords(words)}`;
}

/** Writes words on one line; where a quote without a partner would find one in what follows, the line is joined with the next. */
function printWords(words: readonly string[]): string {
  let line = '';
  let open: readonly string[] = [];
  for (const [index, word] of words.entries()) {
    const apart = open.some((quote) => word.includes(quote));
    line += index === 0 ? word : `${apart ? ' \\\n' : ' '}${word}`;
    open = [...(apart ? [] : open), ...openQuotes(word)];
  }
  return line;
}

const closedQuotes = /\\[^]|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|[^"']/g;

/** The quotes of a word that have no partner on their line. */
function openQuotes(word: string): readonly string[] {
  return /["']/.test(word) ? (word.replace(closedQuotes, '').match(/["']/g) ?? []) : [];
}

function printItem(item: Item, indent: string): string {
  switch (item.kind) {
    case 'statement':
      return printWords([item.keyword, ...item.words]);
    case 'assignment':
      return printAssignment(`$${item.name}`, item.words);
    case 'include':
      return `#include ${quotePath(item.path)}`;
    case 'block': {
      const head = printWords([item.keyword, ...item.words]);
      if (item.items.length === 0) return `${head} { }`;
      return `${head} {\n${print(item.items, `${indent}  `)}\n${indent}}`;
    }
  }
}
