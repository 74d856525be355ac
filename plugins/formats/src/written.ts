import { dedent, print, type Assignment, type Block, type KeywordTable, type Statement } from '@mln/core';
import { withoutOuterLines, type Pieces } from './pieces.js';
import { declared, type Where } from './where.js';

/* Items as pieces of the language that read as these items again: see pieces.ts. */

export interface Printing {
  readonly keywords: KeywordTable;
  readonly pieces: Pieces;
}

const closedQuotes = /\\[^]|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/g;
const heredoc = /<<-?["'\\]?([A-Za-z_]\w*)/;

/** A whole statement, and (where it is on one line) its keyword and what follows that. */
export function writeStatement(item: Statement, { pieces }: Printing): { whole: string; first: string; rest: string } {
  const words = [item.keyword, ...item.words];
  const text = joinWords(words);
  const first = item.words.length === 0 ? text : item.keyword;
  return { whole: text + heredocEnds(text, words, pieces), first, rest: text.slice(first.length + 1) };
}

/** A whole assignment, and (where it is on one line) what follows its `=`. */
export function writeAssignment({ name, words }: Assignment, { pieces }: Printing): { whole: string; rest: string } {
  const rest = joinWords(words);
  const text = `$${name}=${rest}`;
  return { whole: text + heredocEnds(text, words.slice(1), pieces), rest };
}

/**
 * The lines of a heredoc are in no tree, but the line that ends it must be there. Without the semicolon a keyword and
 * <<WORD would be a fence.
 */
function heredocEnds(text: string, words: readonly string[], pieces: Pieces): string {
  if (!text.includes('<<') || pieces.isStatement(text)) return '';
  const ends = words.flatMap((word) => {
    const end = heredoc.exec(word)?.[1];
    return end !== undefined && !pieces.isStatement(`x y ${word}`) ? [end] : [];
  });
  return ends.length === 0 ? '' : [';', ...ends].join('\n');
}

/** What stands before a block's brace. */
export function writeHead({ keyword, words }: Block): string {
  return joinWords([keyword, ...words]);
}

/** A block's text, where it has to be printed as one: its items do not say all of it. */
export function textOf(block: Block, where: Where, { keywords, pieces }: Printing): string | undefined {
  const { raw } = block;
  if (block.fenced || declared(keywords, where, writeHead(block))?.kind === 'text') return plainText(raw);
  const kind = declared(keywords, where, block.keyword)?.kind;
  if (where.names !== null || kind === 'block' || kind === 'list') return undefined;
  const items = print(block.items);
  if (solid(raw) === solid(items) && !/\\\r?\n/.test(raw)) return undefined;
  // Without its indentation a line may continue another in another way.
  return [plainText(raw), withoutOuterLines(raw)].find((text) => {
    const read = pieces.between(text);
    return read && print(read.items) === items;
  });
}

/** Words on one line where they can be, with nothing that would join them or run on. */
function joinWords(words: readonly string[]): string {
  const text = words.join(meet(words) ? ' \\\n' : ' ');
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(text) ? `${text}\\` : text;
}

/** Whether a quote that one word opens would be closed by a later word on the same line. */
function meet(words: readonly string[]): boolean {
  const left = words.map((word) => word.replace(closedQuotes, ''));
  return ['"', "'"].some((quote) => {
    const first = left.findIndex((word) => word.includes(quote));
    return first >= 0 && words.slice(first + 1).some((word) => word.includes(quote));
  });
}

/** A raw text without its indentation; once more, since a carriage return may come to stand at the end of a line. */
function plainText(raw: string): string {
  return dedent(`\n${dedent(raw)}\n`);
}

/** A text without what only separates words and statements. */
function solid(text: string): string {
  return text.replace(/[\s;]+/g, '');
}
