import type { Node } from './grammar-nodes.js';
import type { Place } from './errors.js';

type OpenBlock = Extract<Node, { type: 'block' }>;

/** Blocks that stand at the top of a project: inside another one they tell where its brace is missing. */
const atTheTop = new Set(['global', 'host', 'superclass', 'switch']);
const MOST_LOOKED_AT = 65_536;
const tokens = /(?<=[\s;{}])#[^\n]*|\\[^]|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/g;

const named = new Set([...atTheTop, 'network']);

/** A block as messages call it. Of a keyword that may stand without a name the rest is left out: it may be a password. */
export function headOf([keyword = '{', ...words]: readonly string[]): string {
  return named.has(keyword) ? [keyword, ...words].join(' ') : keyword;
}

/** Says why a block may not be closed: two apostrophes that hold its brace, or the block that its brace is missing before. */
export function openBlockHint(
  { items, from, to }: OpenBlock,
  source: string,
  places: (offset: number) => Place,
): string | undefined {
  const inside = items.find(
    (node) => node.type === 'block' && node.words.length > 1 && atTheTop.has(node.words[0] ?? ''),
  );
  const quotes = apostrophesWithBrace(source.slice(from, Math.min(inside?.at ?? to, from + MOST_LOOKED_AT)));
  if (quotes !== null)
    return `the quotes at line ${places(from + quotes).line} hold a }: write \\' for an apostrophe that is no quote`;
  if (inside?.type !== 'block') return undefined;
  return `${headOf(inside.words)} at line ${places(inside.at).line} stands inside it: is a } missing before that?`;
}

/** Where a `}` without its `{` stands between two apostrophes, as in `Bob's } # it's`; null where none does. */
function apostrophesWithBrace(text: string): number | null {
  for (const { 0: span, index: at } of text.matchAll(tokens)) {
    const isApostrophe = span.startsWith("'") && /[A-Za-z]/.test(text.charAt(at - 1));
    if (isApostrophe && span.split('}').length > span.split('{').length) return at;
  }
  return null;
}
