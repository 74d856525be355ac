/** What the grammar reads, by offsets; parsimmon's own lines are wrong at a newline. */
export type Node =
  | { type: 'statement'; at: number; words: string[] }
  | { type: 'fenced'; at: number; words: string[]; from: number; to: number }
  | { type: 'block'; at: number; words: string[]; items: Node[]; from: number; to: number; closed: boolean }
  | { type: 'include'; at: number; end: number; path: string | null }
  | { type: 'stray'; at: number }
  | { type: 'open'; at: number; word: string };

/** What follows the words of a statement or block; [from, to) is the text inside. */
export type Rest = { type: 'statement' } | { type: 'fenced'; from: number; to: number } | Opened;

interface Opened {
  type: 'block';
  items: Node[];
  from: number;
  to: number;
  closed: boolean;
}

/** The words of a statement, or of a block before its brace. */
export interface Head {
  at: number;
  words: string[];
}

/** The end of a block: its brace, or that of the file. */
export interface Close {
  at: number;
  closed: boolean;
}

/** What a block holds; its end is not known yet. */
export function blockFrom(from: number, items: Node[]): Opened {
  return { type: 'block', items, from, to: from, closed: false };
}

/** A block with its end. */
export function closeBlock(block: Opened, { at, closed }: Close): Rest {
  block.to = at;
  block.closed = closed;
  return block;
}

/** Puts words and what follows them together; field by field: there are a hundred thousand of them in a large file. */
export function nodeOf({ at, words }: Head, rest: Rest): Node {
  if (rest.type === 'statement') return { type: 'statement', at, words };
  if (rest.type === 'fenced') return { type: 'fenced', at, words, from: rest.from, to: rest.to };
  const { items, from, to, closed } = rest;
  return { type: 'block', at, words, items, from, to, closed };
}
