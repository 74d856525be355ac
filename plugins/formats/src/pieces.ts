import { failure, isMlnError, wholeTree, type Block, type Item, type Mln, type Tree } from '@mln/core';

/*
 * Pieces of the mln language that come from outside: each is read by the mln grammar alone, before a sentinel, and
 * counts only when it is exactly one item and leaves the sentinel alone. So no piece can open or close a block, take
 * what follows it for its own, or hide a part of itself in a comment.
 */

export interface Pieces {
  /** One whole statement or assignment; its heredocs have their lines. */
  isStatement(text: string): boolean;
  /** The words before a brace. */
  isHead(text: string): boolean;
  /** What can stand between braces, as a block; undefined where its braces, quotes or heredocs are not in order. */
  between(text: string): Block | undefined;
  /** A keyword, and what can stand between its `<<WORD` and WORD. */
  isFenced(keyword: string, text: string, word: string): boolean;
}

/** The grammar of the mln language, whatever the file is called. */
export function mlnGrammar(mln: Mln, file: string): (text: string) => Tree {
  return (text) => {
    const tree = mln.hooks.parse.call(text, `${file}.mln`);
    if (!tree) throw failure('MLN_PLUGIN_FAILED', 'the grammar of the mln language is not there yet');
    return wholeTree(tree);
  };
}

/** Words that no reading can take for anything else: most pieces are made of them, and need no grammar. */
const plain = /^[^\s;{}"'\\#<$\0][^\n\r;{}"'\\#<\0]*$/;

/** Reads pieces by a grammar. */
export function createPieces(parse: (text: string) => Tree): Pieces {
  const only = (text: string): Item | undefined => {
    let items: readonly Item[];
    try {
      ({ items } = parse(`${text}\n.\n`));
    } catch (error) {
      if (isMlnError(error)) return undefined;
      throw error;
    }
    const [item, sentinel] = items;
    if (items.length !== 2 || sentinel?.kind !== 'statement' || sentinel.words.length > 0) return undefined;
    return sentinel.place?.line === text.split('\n').length + 1 ? item : undefined;
  };

  /** What of a piece is in no word of it; undefined where it is no statement. */
  const rest = (text: string): string | undefined => {
    const item = only(text);
    if (item?.kind !== 'statement' && item?.kind !== 'assignment') return undefined;
    const first = item.kind === 'statement' ? item.keyword : `$${item.name}=`;
    const [all, words] = [solid(text), solid([first, ...item.words].join(''))];
    return all.startsWith(words) ? all.slice(words.length) : undefined;
  };

  const block = (text: string, raw: string): Block | undefined => {
    const item = only(text);
    return item?.kind === 'block' && item.raw === raw ? item : undefined;
  };

  return {
    isStatement: (text) => plain.test(text) || /^(?:;?\n|$)/.test(rest(text) ?? '?'),
    isHead: (text) => plain.test(text) || rest(text) === '',
    between: (text) => block(`x {\n${text}\n}`, `\n${text}\n`),
    isFenced: (keyword, text, word) => block(`${keyword} <<${word}\n${text}\n${word}`, `${text}\n`)?.fenced === true,
  };
}

/** A word that is no line of a text, to end it with. */
export function freeWord(text: string): string {
  const taken = new Set(text.split('\n').map((line) => line.trim()));
  let word = 'END';
  while (taken.has(word)) word += '_';
  return word;
}

/** A text without the blank lines before and after it. */
export function withoutOuterLines(text: string): string {
  const first = text.search(/[^ \t\r\n]/);
  if (first < 0) return '';
  let last = text.length - 1;
  while (/[ \t\r\n]/.test(text.charAt(last))) last -= 1;
  const end = text.indexOf('\n', last);
  return text.slice(text.lastIndexOf('\n', first) + 1, end < 0 ? undefined : end);
}

/** A text without what only separates words. */
function solid(text: string): string {
  return text.replace(/(\\\\)|\\\r?\n|[ \t\u00a0\r]/g, '$1');
}
