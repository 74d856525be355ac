/**
 * A manual page as a value. In its texts, what is typed as it stands is in backquotes, and what is put in its place in
 * angle brackets: "`-p` <name>".
 */
export interface Page {
  /** Without its section: mln-start. */
  readonly name: string;
  /** 1: commands, 5: files and their languages; man(1). */
  readonly section: 1 | 5;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly chapters: readonly Chapter[];
}

export interface Chapter {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly text: string }
  /** Lines that are kept as they are; nothing in them is marked. */
  | { readonly lines: readonly string[] }
  | { readonly heading: string }
  /** What is explained, and what is said of it. */
  | { readonly term: string; readonly blocks: readonly [{ readonly text: string }, ...Block[]] };

/** A piece of a text: in bold (as it is typed), in italics (what is put there), or neither. */
export interface Piece {
  readonly style: 'plain' | 'bold' | 'italic';
  readonly text: string;
}

/** Takes a text apart at its marks. */
export function piecesOf(text: string): readonly Piece[] {
  return text
    .replace(/\s+/g, ' ')
    .split(/(`[^`]+`|<[a-z][^<>`]*>)/)
    .filter((part) => part !== '')
    .map((part): Piece => {
      if (/^`[^`]+`$/.test(part)) return { style: 'bold', text: part.slice(1, -1) };
      if (/^<[a-z][^<>`]*>$/.test(part)) return { style: 'italic', text: part.slice(1, -1) };
      return { style: 'plain', text: part };
    });
}

/** A chapter, or nothing where there is nothing to stand in it. */
export function chapter(title: string, blocks: readonly Block[]): readonly Chapter[] {
  return blocks.length === 0 ? [] : [{ title, blocks }];
}

/** The name of a page as others mention it: `mln-start`(1). */
export function mention({ name, section }: Pick<Page, 'name' | 'section'>): string {
  return `\`${name}\`(${section})`;
}

/** A sentence as it stands in a line of contents: without its full stop. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
