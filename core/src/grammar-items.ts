import type { Place, Problem } from './errors.js';
import { MAX_ERRORS } from './limits.js';
import type { Node } from './grammar-nodes.js';
import { headOf, openBlockHint } from './open-block-hint.js';
import type { Block, Item } from './tree.js';

export interface Source {
  readonly source: string;
  readonly places: (offset: number) => Place;
  readonly problems: Problem[];
}

interface Making extends Source {
  /** Whether there is a no-break space anywhere. */
  readonly oddBlanks: boolean;
  /** Whether a heredoc without an end was seen. */
  readonly openText: { seen: boolean };
}

/** Makes items of nodes; what is wrong with a node becomes a problem, and no item. */
export function toItems(nodes: readonly Node[], source: Source): readonly Item[] {
  return makeItems(nodes, { ...source, oddBlanks: source.source.includes('\u00a0'), openText: { seen: false } });
}

function makeItems(nodes: readonly Node[], making: Making): readonly Item[] {
  const items = nodes.map((node, index) => makeItem(node, making, nodes[index - 1]));
  return items.includes(null) ? items.filter((item) => item !== null) : (items as Item[]);
}

function makeItem(node: Node, making: Making, before?: Node): Item | null {
  if (making.problems.length >= MAX_ERRORS) return null;
  const item = toItem(node, making, before);
  const oddBlank = item && making.oddBlanks && 'words' in node ? noBreakSpace(node, making) : undefined;
  return oddBlank && item ? { ...item, noBreakSpace: oddBlank } : item;
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
      making.openText.seen = true;
      return bad(
        beginOf(node, making),
        making,
        'MLN_OPEN_TEXT',
        `no line is ${node.word} alone after this <<${node.word}`,
      );
    case 'stray':
      // Behind a heredoc without an end braces are mostly its own.
      if (making.openText.seen) return null;
      return bad(node, making, 'MLN_STRAY_BRACE', 'this } closes no block', closedBefore(before, making));
  }
}

/** Where a heredoc's word stands in its statement. */
function beginOf({ at, word }: Extract<Node, { type: 'open' }>, { source }: Making): { at: number } {
  const within = source.slice(at).search(new RegExp(`<<-?["'\\\\]?${word}`));
  return { at: at + Math.max(0, within) };
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
  return `${headOf(before.words)}, opened at line ${opened}, was closed at line ${closed}`;
}

function toBlock(node: Extract<Node, { type: 'block' }>, making: Making): Block {
  const place = making.places(node.at);
  if (!node.closed)
    bad(
      node,
      making,
      'MLN_OPEN_BLOCK',
      `the block ${headOf(node.words)} is opened here and not closed`,
      openBlockHint(node, making.source, making.places),
    );
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
  const keyword = words[0] ?? '';
  const rest = words.slice(1);
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
