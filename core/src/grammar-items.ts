import type { Place, Problem } from './errors.js';
import type { Block, Item } from './tree.js';

/** What the grammar reads, by offsets; parsimmon's own lines are wrong at a newline. */
export type Node =
  | { type: 'statement'; at: number; words: string[] }
  | { type: 'fenced'; at: number; words: string[]; from: number; to: number }
  | { type: 'block'; at: number; words: string[]; items: Node[]; from: number; to: number; closed: boolean }
  | { type: 'include'; at: number; end: number; path: string | null }
  | { type: 'stray'; at: number }
  | { type: 'open'; at: number; word: string };

export interface Source {
  readonly source: string;
  readonly places: (offset: number) => Place;
  readonly problems: Problem[];
}

interface Making extends Source {
  /** Whether there is a no-break space anywhere. */
  readonly oddBlanks: boolean;
}

/** Makes items of nodes; what is wrong with a node becomes a problem, and no item. */
export function toItems(nodes: readonly Node[], source: Source): Item[] {
  return makeItems(nodes, { ...source, oddBlanks: source.source.includes('\u00a0') });
}

function makeItems(nodes: readonly Node[], making: Making): Item[] {
  const items: Item[] = [];
  for (const [index, node] of nodes.entries()) {
    const item = toItem(node, making, nodes[index - 1]);
    const oddBlank = item && making.oddBlanks && 'words' in node ? noBreakSpace(node, making) : undefined;
    if (item) items.push(oddBlank ? { ...item, noBreakSpace: oddBlank } : item);
  }
  return items;
}

function toItem(node: Node, making: Making, before?: Node): Item | null {
  switch (node.type) {
    case 'statement':
      return toStatement(node, making);
    case 'block':
      return toBlock(node, making);
    case 'fenced': {
      const raw = making.source.slice(node.from, node.to);
      return blockOf({ ...node, words: node.words.slice(0, 1) }, [], raw, true, making.places(node.at));
    }
    case 'include':
      if (node.path !== null)
        return {
          kind: 'include',
          path: node.path,
          span: [node.at, node.end],
          place: making.places(node.at),
          origin: null,
        };
      return bad(node, making, 'MLN_BAD_INCLUDE', '#include takes one path', 'quote a path that holds blanks');
    case 'open':
      return bad(node, making, 'MLN_OPEN_TEXT', `no line is ${node.word} alone after this <<${node.word}`);
    case 'stray':
      return bad(node, making, 'MLN_STRAY_BRACE', 'this } closes no block', closedBefore(before, making));
  }
}

function bad(
  { at }: { at: number },
  { problems, places }: Making,
  code: Problem['code'],
  message: string,
  hint?: string,
): null {
  problems.push({ severity: 'error', code, message, place: places(at), hint });
  return null;
}

function closedBefore(before: Node | undefined, { places }: Making): string | undefined {
  if (before?.type !== 'block') return undefined;
  const [opened, closed] = [places(before.at).line, places(before.to).line];
  return `${before.words.join(' ')}, opened at line ${opened}, was closed at line ${closed}`;
}

function toBlock(node: Extract<Node, { type: 'block' }>, making: Making): Block {
  const place = making.places(node.at);
  if (!node.closed)
    bad(node, making, 'MLN_OPEN_BLOCK', `the block ${node.words.join(' ') || '{'} is opened here and not closed`);
  const items = makeItems(node.items, making);
  return blockOf(node, items, making.source.slice(node.from, node.to), false, place);
}

function blockOf(
  { words: [keyword = '', ...words], from }: { words: string[]; from: number },
  items: readonly Item[],
  raw: string,
  fenced: boolean,
  place: Place,
): Block {
  return { kind: 'block', keyword, words, items, raw, from, fenced, place, origin: null };
}

/** The end of a word that goes on for ever: where its brace was opened. */
const openBrace = /\0(\d+)\0/g;

function toStatement({ at, words }: Extract<Node, { type: 'statement' }>, making: Making): Item | null {
  const [keyword = '', ...rest] = words;
  const last = words.at(-1) ?? '';
  const open = last.includes('\0') ? [...last.matchAll(openBrace)].at(-1)?.[1] : undefined;
  if (open !== undefined)
    return bad(
      { at: Number(open) },
      making,
      'MLN_OPEN_BLOCK',
      'this { is opened inside a word and not closed',
      'put a blank before a { that opens a block; write \\{ for one that is text',
    );
  const place = making.places(at);
  const assigned = keyword.startsWith('$') ? assignment(keyword, rest) : null;
  return assigned
    ? { kind: 'assignment', ...assigned, place, origin: null }
    : { kind: 'statement', keyword, words: rest, place, origin: null };
}

/** Reads `$name = words`, with or without blanks round the `=`. */
function assignment(first: string, rest: readonly string[]): { name: string; words: readonly string[] } | null {
  const [, name, joined] = /^\$([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(first) ?? [];
  if (name === undefined) return null;
  if (joined !== undefined) return { name, words: joined === '' ? rest : [joined, ...rest] };
  const [second, ...others] = rest;
  if (second?.startsWith('=') !== true) return null;
  return { name, words: second === '=' ? others : [second.slice(1), ...others] };
}

/** Where a no-break space was read as a blank: before the item, or between its words. */
function noBreakSpace(node: { at: number; words: readonly string[] }, { source, places }: Making): Place | undefined {
  let start = node.at;
  while (/[ \t\u00a0]/.test(source[start - 1] ?? '')) start -= 1;
  for (const word of node.words) {
    const at = source.indexOf(word, start);
    const odd = source.slice(start, at).indexOf('\u00a0');
    if (odd >= 0) return places(start + odd);
    start = at + word.length;
  }
  return undefined;
}
