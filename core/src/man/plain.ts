import { piecesOf, type Block, type Page } from './page.js';

/** Columns of a line, and how deep text stands below what it belongs to; as man(1) has them. */
const WIDTH = 78;
const INDENT = 7;

/** Writes a page as text without any marks, for where there is no man(1). */
export function plainPage({ name, summary, chapters }: Page): string {
  const parts = [
    ['NAME', ...fill(`${name} - ${summary}`, INDENT)],
    ...chapters.map(({ title, blocks }) => [title, ...blocksLines(blocks, INDENT)]),
  ];
  return parts.map((lines) => lines.join('\n')).join('\n\n');
}

function blocksLines(blocks: readonly Block[], indent: number): readonly string[] {
  return blocks.flatMap((block, index) => [...(index === 0 ? [] : ['']), ...blockLines(block, indent)]);
}

function blockLines(block: Block, indent: number): readonly string[] {
  if ('heading' in block) return [`${' '.repeat(indent - 4)}${block.heading}`];
  if ('text' in block) return fill(block.text, indent);
  if ('lines' in block) return block.lines.map((each) => `${' '.repeat(indent + 4)}${each}`.trimEnd());
  const [first, ...more] = block.blocks;
  const rest = more.length === 0 ? [] : ['', ...blocksLines(more, indent + INDENT)];
  return [...fill(block.term, indent), ...fill(first.text, indent + INDENT), ...rest];
}

/** Breaks a text into lines at its blanks. */
function fill(text: string, indent: number): string[] {
  const words = piecesOf(text)
    .map((piece) => piece.text)
    .join('')
    .trim()
    .split(' ');
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}${each}`);
}
