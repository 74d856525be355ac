import type { Place, Problem } from './errors.js';
import type { Item } from './tree.js';

/** What the grammar reads, by offsets; parsimmon's own lines are wrong at a newline. */
export type Node =
  | { type: 'statement'; at: number; words: string[] }
  | { type: 'fenced'; at: number; words: string[]; from: number; to: number }
  | { type: 'block'; at: number; words: string[]; items: Node[]; from: number; to: number; closed: boolean }
  | { type: 'include'; at: number; end: number; path: string | null }
  | { type: 'stray'; at: number }
  | { type: 'open'; at: number; word: string };

export interface Making {
  readonly source: string;
  readonly places: (offset: number) => Place;
  readonly problems: Problem[];
}

/** Makes items of nodes; what is wrong with a node becomes a problem, and no item. */
export function toItems(nodes: readonly Node[], reading: Making): Item[] {
  return nodes.flatMap((node, index) => toItem(node, reading, nodes[index - 1]) ?? []);
}

/** The end of an item whose words go on for ever: where its brace was opened. */
const openBrace = /\0(\d+)\0/g;

function toItem(node: Node, reading: Making, before?: Node): Item | null {
  const { source, places, problems } = reading;
  const place = places(node.at);
  const oddBlank = 'words' in node ? noBreakSpace(node, reading) : undefined;
  const placed = { place, origin: null, ...(oddBlank === undefined ? {} : { noBreakSpace: oddBlank }) };
  const bad = (code: Problem['code'], message: string, hint?: string): null => {
    problems.push({ severity: 'error', code, message, place, hint });
    return null;
  };
  switch (node.type) {
    case 'stray': {
      const closed = before?.type === 'block' ? before : null;
      const hint = closed
        ? `${closed.words.join(' ')}, opened at line ${places(closed.at).line}, was closed at line ${places(closed.to).line}`
        : undefined;
      return bad('MLN_STRAY_BRACE', 'this } closes no block', hint);
    }
    case 'open':
      return bad('MLN_OPEN_TEXT', `no line is ${node.word} alone after this <<${node.word}`);
    case 'include':
      if (node.path === null)
        return bad('MLN_BAD_INCLUDE', '#include takes one path', 'quote a path that holds blanks');
      return { kind: 'include', path: node.path, span: [node.at, node.end], ...placed };
    case 'fenced':
      return {
        kind: 'block',
        keyword: node.words[0] ?? '',
        words: [],
        items: [],
        raw: source.slice(node.from, node.to),
        from: node.from,
        fenced: true,
        ...placed,
      };
    case 'block': {
      const [keyword = '', ...words] = node.words;
      if (!node.closed) bad('MLN_OPEN_BLOCK', `the block ${node.words.join(' ') || '{'} is opened here and not closed`);
      const items = toItems(node.items, reading);
      return {
        kind: 'block',
        keyword,
        words,
        items,
        raw: source.slice(node.from, node.to),
        from: node.from,
        fenced: false,
        ...placed,
      };
    }
    case 'statement': {
      const open = [...(node.words.at(-1) ?? '').matchAll(openBrace)].at(-1)?.[1];
      if (open !== undefined) {
        problems.push({
          severity: 'error',
          code: 'MLN_OPEN_BLOCK',
          message: 'this { is opened inside a word and not closed',
          place: places(Number(open)),
          hint: 'put a blank before a { that opens a block; write \\{ for one that is text',
        });
        return null;
      }
      const assignment = /^\$([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(node.words[0] ?? '');
      const rest = node.words.slice(1);
      if (assignment?.[1] && assignment[2] !== undefined)
        return {
          kind: 'assignment',
          name: assignment[1],
          words: assignment[2] === '' ? rest : [assignment[2], ...rest],
          ...placed,
        };
      if (assignment?.[1] && rest[0]?.startsWith('=')) {
        const first = rest[0].slice(1);
        return {
          kind: 'assignment',
          name: assignment[1],
          words: first === '' ? rest.slice(1) : [first, ...rest.slice(1)],
          ...placed,
        };
      }
      return { kind: 'statement', keyword: node.words[0] ?? '', words: rest, ...placed };
    }
  }
}

/** Where a no-break space was read as a blank: before the item, or between its words. */
function noBreakSpace(node: { at: number; words: readonly string[] }, { source, places }: Making): Place | undefined {
  if (!source.includes('\u00a0')) return undefined;
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
