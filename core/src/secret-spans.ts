import { hasOpenQuote } from './word.js';

/** What a file holds that is not to be shown. */
export interface SecretSpans {
  /** Offsets of secret words, in their order: [from, to). */
  readonly spans: readonly Span[];
  readonly includes: readonly { readonly path: string; readonly rows: number }[];
}
type Span = readonly [from: number, to: number];

/** From which word on the rows of a keyword's list are secret, and so what stands behind the keyword itself: Infinity where nothing is. */
export type SecretRows = (keyword: string) => number;

/** A block, and the statement in it that is being read. */
class Level {
  keyword = '';
  words = 0;
  hides = false;
  /** A secret whose quote is not closed goes on to the end of its line. */
  hasOpenQuote = false;
  /** Where its secret words begin. */
  from: number | null = null;

  constructor(
    /** From which word on the rows of the block are secret. */
    readonly rows: number,
    /** A brace inside a word: the statement around it goes on behind it. */
    readonly isText = false,
  ) {}

  /** The keyword stays: a brace may follow on the next line. */
  endStatement(): void {
    this.words = 0;
    this.hides = false;
    this.hasOpenQuote = false;
    this.from = null;
  }
}

const tokens =
  /\\\r?\n|(?:\\(?!\r?\n)[^]?|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|[^\s;{}"'\\#]+|(?<=[^\s;{}])#|["'])+|#[^\n]*|[{};\n]/g;
const includePath = /^#include[ \t]+("[^"]*"|'[^']*'|[^\s;{}]+)/;

/**
 * Finds the secret words of a file, however broken its grammar is and in whatever block they stand: rather too many
 * than too few. Variables that they are made of come to `names`; what those are set to is secret as well.
 */
export function secretSpans(source: string, rows: number, rowsOf: SecretRows, names: Set<string>): SecretSpans {
  const spans: Span[] = [];
  const includes: { path: string; rows: number }[] = [];
  const levels: Level[] = [];
  let now = new Level(rows);
  /** Secret words of one statement are one span. */
  const hide = (from: number, to: number): void => {
    now.from ??= from;
    while ((spans.at(-1)?.[0] ?? -1) >= now.from) spans.pop();
    spans.push([now.from, to]);
    for (const [, name = ''] of source.slice(from, to).matchAll(/\$\[?([A-Za-z_]\w*)/g)) names.add(name);
  };
  const word = (text: string, at: number): void => {
    now.words += 1;
    if (now.words === 1) now.keyword = text;
    const [sign = '', name = ''] = (now.words === 1 && /^\$(\w+)=?/.exec(text)) || [];
    const from = at + (names.has(name) ? sign.length : 0);
    const isSign = now.words === 2 && text === '=' && now.keyword.startsWith('$');
    now.hides ||= names.has(name) || now.words > Math.min(now.rows, rowsOf(now.keyword) + 1);
    if (now.hides && !isSign && from < at + text.length) hide(from, at + text.length);
    now.hasOpenQuote ||= now.hides && hasOpenQuote(text);
  };
  const open = (isText: boolean): void => {
    const inside = now.hides || now.rows < Infinity ? 0 : isText ? Infinity : rowsOf(now.keyword);
    levels.push(now);
    now = new Level(inside, isText);
  };
  const close = (): void => {
    const { isText } = now;
    now = levels.pop() ?? new Level(rows);
    if (!isText) end();
  };
  const end = (): void => {
    now.endStatement();
    now.keyword = '';
  };
  const comment = (text: string, at: number): void => {
    const path = now.words === 0 ? includePath.exec(text)?.[1] : undefined;
    if (path !== undefined) includes.push({ path: path.replace(/^(["'])(.*)\1$/, '$2'), rows: now.rows });
    else if (now.hides) hide(at, at + text.length);
  };
  for (const { 0: text, index: at } of source.matchAll(tokens)) {
    if (text === '{') open(/[^\s;{}]/.test(source.charAt(at - 1)) && /[^\s}]/.test(source.charAt(at + 1)));
    else if (text === '}') close();
    else if (text === '\n') now.endStatement();
    else if (text === ';' && now.hasOpenQuote) hide(at, at + 1);
    else if (text === ';') end();
    else if (text.startsWith('#')) comment(text, at);
    else if (!/^\\\r?\n/.test(text)) word(text, at);
  }
  return { spans, includes };
}
