import P from 'parsimmon';
import { failure, type Place, type Problem } from './errors.js';
import { toItems } from './grammar-items.js';
import { blockFrom, closeBlock, nodeOf, type Close, type Head, type Node, type Rest } from './grammar-nodes.js';
import { acrossLines, endOf, inLine, plainHead, plainStatement, plainWordsOf } from './grammar-plain.js';
import { heredocs, heredocWord } from './heredoc.js';
import { MAX_DEPTH, MAX_FILE } from './limits.js';
import { placesOf } from './places.js';
import { wholeTree, type Tree } from './tree.js';

/*
 * The grammar of a project file:
 *
 *   items      = (separator | comment | include | fenced | statement | block)*
 *   separator  = newline | ";"                  a newline also takes the lines of the heredocs before it
 *   include    = "#include" word
 *   statement  = word (blank word)*
 *   block      = [word (blank word)*] "{" items "}"
 *   word       = (plain | escape | "…" | '…' | quote | "{" … "}")+
 *
 * It is left-factored: the words of a statement are read once, and only then is it looked whether a "{" follows, so
 * it never goes back. It is total: a missing or a surplus brace becomes a node, and all of a file's errors are told
 * at once. Tokens are sticky regular expressions, which take six times less time than parsimmon's own.
 */

/*
 * Tokens. A reply says how far a token got only where it succeeds: the grammar never asks what was expected, and
 * parsimmon has nothing to join.
 */
const took = <T>(index: number, value: T): P.Reply<T> =>
  ({ status: true, index, value, furthest: index, expected: nothing }) as unknown as P.SuccessReply<T>;
const nothing: string[] = [];
const failed = { status: false, furthest: -1, expected: [] } as unknown as P.FailureReply;

const token = (pattern: RegExp): P.Parser<string> => {
  const sticky = new RegExp(pattern.source, 'y');
  return P((input, at) => {
    const end = endOf(sticky, input, at);
    return end < 0 ? failed : took(end, input.slice(at, end));
  });
};
const here = P<number>((_, at) => took(at, at));

/*
 * As P.seqMap and P.many do, but nothing is kept of what was expected: three times faster. A list begins
 * with its first element, since an empty one that grows takes room for seventeen.
 */
const run = <T>(parser: P.Parser<T>, input: string, at: number): P.Reply<T> =>
  (parser as unknown as { _: (input: string, at: number) => P.Reply<T> })._(input, at);
const sequence = <A, B, R>(first: P.Parser<A>, second: P.Parser<B>, make: (a: A, b: B) => R): P.Parser<R> =>
  P((input, at) => {
    const before = run(first, input, at);
    const after = before.status ? run(second, input, before.index) : failed;
    return before.status && after.status ? took(after.index, make(before.value, after.value)) : failed;
  });
const many = <T>(parser: P.Parser<T>, isEnd: (input: string, at: number) => boolean): P.Parser<T[]> =>
  P((input, at) => {
    if (isEnd(input, at)) return took(at, []);
    const first = run(parser, input, at);
    if (!first.status) return took(at, []);
    const found = [first.value];
    let next = first.index;
    while (!isEnd(input, next)) {
      const reply = run(parser, input, next);
      if (!reply.status) break;
      found.push(reply.value);
      next = reply.index;
    }
    return took(next, found);
  });

/* Words. A "{" that does not open a block takes the text up to its "}" into the word. */
const blanks = token(/(?:[ \t\u00a0\r]|\\\r?\n)*/);
const simple = token(/[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\]*(?=[ \t\u00a0\r\n;}]|$)/);
const piece = token(
  /[^ \t\u00a0\r\n;{}"'\\]+|\\(?:[^\r\n]|\r(?!\n)|$)|(?:\\\r?\n)+(?=[^ \t\u00a0\r\n;{}\\]|\\(?!\r?\n))|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|["']/,
);
const textOpen = token(/\{(?![ \t\u00a0\r\n}]|$)|(?<=\$)\{/);
const textPiece = token(/[^{}"'\\]+|\\(?:[^]|$)|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|["']/);
/** A group that is never closed takes all the rest; where it was opened stands behind it, between two NULs, which no file has. */
const group = (open: P.Parser<string>): P.Parser<string> =>
  P.lazy(() =>
    P.seqMap(here, open, P.alt(textPiece, nestedGroup).many().tie(), token(/\}|$/), (at, opened, text, close) =>
      close === '' ? `${opened}${text}\0${at}\0` : opened + text + close,
    ),
  );
const textGroup = group(textOpen);
const nestedGroup = group(P.string('{'));
const compound = P.seqMap(
  token(/(?!#)/),
  piece,
  P.alt(piece, textGroup).many().tie(),
  (_, first, rest) => first + rest,
);
const word = P.alt(simple, compound).skip(blanks);

const plainWords = P<Head>((input, at) => {
  const end = endOf(plainHead, input, at);
  return end < 0 ? failed : took(end, { at, words: plainWordsOf(input, at, end) });
});

/* What is not a statement. */
const stray = here.skip(token(/\}/)).map((at): Node => ({ type: 'stray', at }));
const include = P.seqMap(
  here,
  token(/#include(?=[ \t\r\n;}]|$)(?![ \t]*<)[ \t]*/),
  token(/(?:"[^"\n]*"|'[^'\n]*'|[^ \t\u00a0\r\n;{}]+)?/),
  here,
  token(/[ \t\r]*(?:(?=[;}\n])|$|#[^\n]*)|[^\n]*/),
  (at, _, path, end, rest): Node => ({
    type: 'include',
    at,
    end,
    path: /^[ \t\r]*[^\s#]/.test(rest) ? null : path.replace(/^(["'])(.*)\1$/s, '$2') || null,
  }),
);

/* Braces. A block that is not closed ends with the file. */
const openBrace = /\{[ \t]*/y;
const open = P<number>((input, at) => {
  const end = endOf(openBrace, input, at);
  return end < 0 ? failed : took(end, end);
});
const close = P<Close>((input, at) => {
  const closed = input[at] === '}';
  return took(closed ? at + 1 : at, { at, closed });
});
const tooDeep = P<never>((input, at) => {
  if (input[at] === '{') throw new TooDeep(at);
  return failed;
});
/** Builds the grammar anew for each file: a newline has to know which heredocs were begun on its line. */
function grammar(): P.Parser<Node[]> {
  const heredoc = heredocs();
  let begun: { at: number; word: string; fences: boolean }[] = [];

  /** The end of a line, or of the file: takes the lines of the heredocs that were begun, and gives where it goes on. */
  const lineEnd = (next: number, input: string, unclosed: Node[]): number => {
    let after = next;
    for (const each of begun) {
      const lines = heredoc(input, after, each.word);
      if (lines) after = lines.next;
      else unclosed.push({ type: 'open', at: each.at, word: each.word });
    }
    begun = [];
    return after;
  };
  const end = P<Node[]>((input, at) => {
    const unclosed: Node[] = [];
    return at < input.length ? failed : took(lineEnd(at, input, unclosed), unclosed);
  });

  /** Passes what stands between items: blanks, ends of lines, semicolons, comments. Heredocs that are not closed become nodes. */
  const pass = (input: string, at: number, nodes: Node[]): number => {
    let next = at;
    while (begun.length > 0) {
      next = endOf(inLine, input, next);
      if (input[next] !== '\n') return next;
      next = lineEnd(next + 1, input, nodes);
    }
    return endOf(acrossLines, input, next);
  };
  const gap = P<Node[]>((input, at) => {
    const unclosed: Node[] = [];
    return took(pass(input, at, unclosed), unclosed);
  });

  /** Plain statements, one after the other, and the gaps behind them. */
  const plainStatements = P<Node[]>((input, at) => {
    let end = endOf(plainStatement, input, at);
    if (end < 0) return failed;
    const nodes: Node[] = [{ type: 'statement', at, words: plainWordsOf(input, at, end) }];
    let next = pass(input, end, nodes);
    for (end = endOf(plainStatement, input, next); end >= 0; end = endOf(plainStatement, input, next)) {
      nodes.push({ type: 'statement', at: next, words: plainWordsOf(input, next, end) });
      next = pass(input, end, nodes);
    }
    return took(next, nodes);
  });

  const words = P.seqMap(here, word.atLeast(1), (at, found): Head => {
    for (const before of begun) before.fences = false;
    for (const each of found) {
      const match = each.includes('<<') ? heredocWord.exec(each) : null;
      const end = match?.[2] ?? match?.[3];
      if (end !== undefined)
        begun.push({ at, word: end, fences: found.length === 2 && each === found[1] && match?.[0] === each });
    }
    return { at, words: found };
  });

  /** After a keyword whose only word is <<WORD. */
  const fence = P<Rest>((input, at) => {
    const [only] = begun;
    const lines = only?.fences && begun.length === 1 && input[at] === '\n' ? heredoc(input, at + 1, only.word) : null;
    if (!lines) return failed;
    begun = [];
    return took(lines.next, { type: 'fenced', from: lines.from, to: lines.to });
  });

  const levels: P.Parser<Node[]>[] = [];
  const level = (depth: number): P.Parser<Node[]> => (levels[depth] ??= makeLevel(depth));
  const makeLevel = (depth: number): P.Parser<Node[]> => {
    const block: P.Parser<Rest> = P.lazy(() =>
      depth < MAX_DEPTH ? sequence(sequence(open, level(depth + 1), blockFrom), close, closeBlock) : tooDeep,
    );
    const rest = P.alt<Rest>(block, fence, P.of<Rest>({ type: 'statement' }));
    const statementOrBlock = sequence(P.alt(plainWords, words), rest, nodeOf);
    const nameless = sequence(here, block, (at, inner) => nodeOf({ at, words: [] }, inner));
    const item = P.alt<Node>(statementOrBlock, include, nameless, ...(depth === 0 ? [stray] : []));
    const items = P.alt<Node[]>(
      plainStatements,
      sequence(item, gap, (node, unclosed) => (unclosed.length === 0 ? [node] : [node, ...unclosed])),
    );
    const isEnd = (input: string, at: number): boolean => at >= input.length || (depth > 0 && input[at] === '}');
    return sequence(gap, many(items, isEnd), (unclosed, found) =>
      joined(unclosed.length === 0 ? found : [unclosed, ...found]),
    );
  };
  return P.seqMap(level(0), end, (nodes, unclosed) => [...nodes, ...unclosed]);
}
/** Lists of nodes as one. */
function joined(lists: Node[][]): Node[] {
  const [first] = lists;
  if (lists.length < 2) return first ?? [];
  const nodes: Node[] = [];
  for (const list of lists) for (const node of list) nodes.push(node);
  return nodes;
}

class TooDeep extends Error {
  constructor(readonly at: number) {
    super('too deep');
  }
}

/** What the grammar reads of a text: nodes with their offsets in the source, which has a blank for a byte order mark. */
export interface Reading {
  readonly source: string;
  readonly nodes: readonly Node[];
  readonly places: (offset: number) => Place;
}

/** Reads the text of a project file as nodes; what is wrong with its braces is among them. */
export function readNodes(text: string, file: string): Reading {
  if (Buffer.byteLength(text) > MAX_FILE)
    throw failure('MLN_BAD_FILE', `${file} is larger than 4 MiB`, {
      hint: 'a project file is text; disks belong into templates',
    });
  const nul = text.indexOf('\0');
  const places = placesOf(text, file);
  if (nul >= 0) throw failure('MLN_BAD_FILE', `${file} holds a NUL byte`, { place: places(nul) });
  const source = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text;
  try {
    const result = grammar().parse(source);
    if (!result.status)
      throw failure('MLN_BAD_FILE', `${file} cannot be read here`, { place: places(result.index.offset) });
    return { source, nodes: result.value, places };
  } catch (error) {
    // Braces inside words are not counted; thousands of them exhaust the stack.
    if (error instanceof RangeError) throw failure('MLN_TOO_DEEP', `braces are nested too deep in ${file}`);
    if (!(error instanceof TooDeep)) throw error;
    throw failure('MLN_TOO_DEEP', `blocks are nested deeper than ${MAX_DEPTH}`, { place: places(error.at) });
  }
}

/** Reads the text of a project file as a tree, and what is wrong with it beside that. */
export function parseTree(text: string, file: string): Tree {
  const { source, nodes, places } = readNodes(text, file);
  const problems: Problem[] = [];
  const items = toItems(nodes, { source, places, problems });
  return problems.length > 0 ? { file, items, problems } : { file, items };
}

/** Reads the text of a project file. Throws an MlnError that holds all of the file's errors. */
export function parseProject(text: string, file: string): Tree {
  return wholeTree(parseTree(text, file));
}
