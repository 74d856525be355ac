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

export interface Reading {
  readonly source: string;
  readonly places: (offset: number) => Place;
  readonly problems: Problem[];
}

/** Makes items of nodes; what is wrong with a node becomes a problem, and no item. */
export function toItems(nodes: readonly Node[], reading: Reading): Item[] {
  return nodes.flatMap((node) => toItem(node, reading) ?? []);
}

function toItem(node: Node, reading: Reading): Item | null {
  const { source, places, problems } = reading;
  const place = places(node.at);
  const bad = (code: Problem['code'], message: string, hint?: string): null => {
    problems.push({ severity: 'error', code, message, place, hint });
    return null;
  };
  switch (node.type) {
    case 'stray':
      return bad('MLN_STRAY_BRACE', 'this } closes no block');
    case 'open':
      return bad('MLN_OPEN_TEXT', `no line is ${node.word} alone after this <<${node.word}`);
    case 'include':
      if (node.path === null)
        return bad('MLN_BAD_INCLUDE', '#include takes one path', 'quote a path that holds blanks');
      return { kind: 'include', path: node.path, span: [node.at, node.end], place, origin: null };
    case 'fenced':
      return {
        kind: 'block',
        keyword: node.words[0] ?? '',
        words: [],
        items: [],
        raw: source.slice(node.from, node.to),
        from: node.from,
        fenced: true,
        place,
        origin: null,
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
        place,
        origin: null,
      };
    }
    case 'statement': {
      const assignment = /^\$([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(node.words[0] ?? '');
      const rest = node.words.slice(1);
      if (assignment?.[1] && assignment[2] !== undefined)
        return {
          kind: 'assignment',
          name: assignment[1],
          words: assignment[2] === '' ? rest : [assignment[2], ...rest],
          place,
          origin: null,
        };
      if (assignment?.[1] && rest[0]?.startsWith('=')) {
        const first = rest[0].slice(1);
        return {
          kind: 'assignment',
          name: assignment[1],
          words: first === '' ? rest.slice(1) : [first, ...rest.slice(1)],
          place,
          origin: null,
        };
      }
      return { kind: 'statement', keyword: node.words[0] ?? '', words: rest, place, origin: null };
    }
  }
}
