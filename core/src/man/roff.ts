import { piecesOf, type Block, type Page, type Piece } from './page.js';

/*
 * Pages in the macros of man(7). What roff would read as its own is escaped: the backslash, a dot or an apostrophe at the
 * beginning of a line, and the characters that man(7) prints as others: - ' ` ^ ~ " are meant as they stand.
 */

/** When what the pages say was last written anew. */
const WRITTEN = '2026-11-25';

/** Writes a page as man(1) reads it. Version is that of mln. */
export function roffPage({ name, section, summary, chapters }: Page, version: string): string {
  const lines = [
    '.\\" Made by mln from what its commands say of themselves.',
    `.TH "${escape(name.toUpperCase())}" ${section} ${WRITTEN} "mln ${escape(version)}" "mln manual"`,
    '.SH NAME',
    `${escape(name)} \\- ${inline(summary)}`,
    ...chapters.flatMap(({ title, blocks }) => [`.SH ${escape(title)}`, ...blocksLines(blocks)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A paragraph needs no macro where a heading stands before it. */
function blocksLines(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((block, index) => {
    const before = blocks[index - 1];
    const paragraph = before === undefined || 'heading' in before ? [] : ['.PP'];
    if ('heading' in block) return [`.SS ${escape(block.heading)}`];
    if ('text' in block) return [...paragraph, inline(block.text)];
    if ('lines' in block) return [...paragraph, '.RS 4', '.EX', ...block.lines.map(line), '.EE', '.RE'];
    const [first, ...more] = block.blocks;
    const rest = more.length === 0 ? [] : ['.RS', ...(isTerm(more[0]) ? [] : ['.PP']), ...blocksLines(more), '.RE'];
    return ['.TP', inline(block.term), inline(first.text), ...rest];
  });
}

function isTerm(block: Block | undefined): boolean {
  return block !== undefined && 'term' in block;
}

const fonts: Record<Piece['style'], (text: string) => string> = {
  plain: (text) => text,
  bold: (text) => `\\fB${text}\\fR`,
  italic: (text) => `\\fI${text}\\fR`,
};

/** A line of filled text. */
function inline(text: string): string {
  const pieces = piecesOf(text.trim());
  return guard(pieces.map(({ style, text: piece }) => fonts[style](escape(piece))).join(''));
}

/** A line that is kept as it is. */
function line(text: string): string {
  return guard(escape(text.trimEnd()));
}

/** What begins with a dot or an apostrophe would be a request. */
function guard(text: string): string {
  return /^[.']/.test(text) ? `\\&${text}` : text;
}

const characters: Readonly<Record<string, string>> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/** Any text as groff(7) and mandoc(1) print it again; other characters than ASCII by their numbers. */
function escape(text: string): string {
  return text.replace(/[\\\-'`^~"]|[^\t\n -~]/gu, (character) => characters[character] ?? byNumber(character));
}

/** \[u2019]; control characters are left out. */
function byNumber(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0xa0 ? '' : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}
