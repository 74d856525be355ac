import P from 'parsimmon';
import { failure, MlnError, type Place, type Problem } from './errors.js';
import { toItems, type Node } from './grammar-items.js';
import { heredocs, heredocWord } from './heredoc.js';
import { placesOf } from './places.js';
import type { Tree } from './tree.js';

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

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;

/** What follows the words of a statement or block; [from, to) is the text inside. */
type Rest =
  | { type: 'statement' }
  | { type: 'fenced'; from: number; to: number }
  | { type: 'block'; items: Node[]; from: number; to: number; closed: boolean };

interface Head {
  at: number;
  words: string[];
}

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
    sticky.lastIndex = at;
    return sticky.test(input) ? took(sticky.lastIndex, input.slice(at, sticky.lastIndex)) : failed;
  });
};
const here = P<number>((_, at) => took(at, at));

/* Words. A "{" that does not open a block takes the text up to its "}" into the word. */
const blanks = token(/(?:[ \t\u00a0\r]|\\\r?\n)*/);
const simple = token(/[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\]*(?=[ \t\u00a0\r\n;}]|$)/);
const piece = token(
  /[^ \t\u00a0\r\n;{}"'\\]+|\\(?:[^\r\n]|\r(?!\n)|$)|\\\r?\n(?=[^ \t\u00a0\r\n;{}])|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|["']/,
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

/*
 * Most statements, and most heads of blocks, at once: nothing in them is quoted, escaped or a heredoc, and no brace
 * touches them.
 */
const plainWord = String.raw`[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\<]*`;
const plainStatement = new RegExp(String.raw`(?:${plainWord}(?: +|(?=[\n;}]|$))){1,64}(?=[\n;}#]|$)`, 'y');
const plainHead = new RegExp(String.raw`(?:${plainWord} +){1,64}(?=\{)`, 'y');

/** The words from an offset to the end of a match. */
function wordsTo(input: string, at: number, { lastIndex }: RegExp): string[] {
  const words = input.slice(at, lastIndex).split(' ');
  return words.includes('') ? words.filter((each) => each !== '') : words;
}

const plainWords = P<Head>((input, at) => {
  plainHead.lastIndex = at;
  return plainHead.test(input) ? took(plainHead.lastIndex, { at, words: wordsTo(input, at, plainHead) }) : failed;
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
    path: path === '' || /^[ \t\r]*[^\s#]/.test(rest) ? null : path.replace(/^(["'])(.*)\1$/, '$2'),
  }),
);

/* Braces. A block that is not closed ends with the file. */
interface Close {
  at: number;
  closed: boolean;
}
const afterOpen = /\{[ \t]*/y;
const open = P<number>((input, at) => {
  afterOpen.lastIndex = at;
  return afterOpen.test(input) ? took(afterOpen.lastIndex, afterOpen.lastIndex) : failed;
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
  const inLine = /(?:[ \t\u00a0\r;]|\\\r?\n|#(?!include(?=[ \t\r\n;}]|$)(?![ \t]*<))[^\n]*)*/y;
  const pass = (input: string, at: number, nodes: Node[]): number => {
    for (let next = at; ;) {
      inLine.lastIndex = next;
      inLine.test(input);
      next = inLine.lastIndex;
      if (input[next] !== '\n') return next;
      next = begun.length === 0 ? next + 1 : lineEnd(next + 1, input, nodes);
    }
  };
  const gap = P<Node[]>((input, at) => {
    const unclosed: Node[] = [];
    return took(pass(input, at, unclosed), unclosed);
  });

  /** Plain statements, one after the other, and the gaps behind them. */
  const plainStatements = P<Node[]>((input, at) => {
    const nodes: Node[] = [];
    let next = at;
    for (plainStatement.lastIndex = at; plainStatement.test(input); plainStatement.lastIndex = next) {
      nodes.push({ type: 'statement', at: next, words: wordsTo(input, next, plainStatement) });
      next = pass(input, plainStatement.lastIndex, nodes);
    }
    return nodes.length > 0 ? took(next, nodes) : failed;
  });

  const words = P.seqMap(here, word.atLeast(1), (at, found): Head => {
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
      depth < MAX_DEPTH ? P.seqMap(open, level(depth + 1), close, blockOf) : tooDeep,
    );
    const rest = P.alt<Rest>(block, fence, P.of<Rest>({ type: 'statement' }));
    const statementOrBlock = P.seqMap(P.alt(plainWords, words), rest, nodeOf);
    const nameless = P.seqMap(here, block, (at, inner) => nodeOf({ at, words: [] }, inner));
    const item = P.alt<Node>(statementOrBlock, include, nameless, ...(depth === 0 ? [stray] : []));
    const items = P.alt<Node[]>(
      plainStatements,
      P.seqMap(item, gap, (node, unclosed) => [node, ...unclosed]),
    );
    return P.seqMap(gap, items.many(), (nodes, found) => {
      for (const each of found) for (const node of each) nodes.push(node);
      return nodes;
    });
  };
  return P.seqMap(level(0), end, (nodes, unclosed) => [...nodes, ...unclosed]);
}
function blockOf(from: number, items: Node[], { at: to, closed }: Close): Rest {
  return { type: 'block', items, from, to, closed };
}

/** Field by field: there are a hundred thousand of them in a large file. */
function nodeOf({ at, words }: Head, rest: Rest): Node {
  if (rest.type === 'statement') return { type: 'statement', at, words };
  if (rest.type === 'fenced') return { type: 'fenced', at, words, from: rest.from, to: rest.to };
  const { items, from, to, closed } = rest;
  return { type: 'block', at, words, items, from, to, closed };
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
  if (Buffer.byteLength(text) > MAX_BYTES)
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

/** Reads the text of a project file. Throws an MlnError that holds all of the file's errors. */
export function parseProject(text: string, file: string): Tree {
  const { source, nodes, places } = readNodes(text, file);
  const problems: Problem[] = [];
  const items = toItems(nodes, { source, places, problems });
  if (problems.length > 0) throw new MlnError(problems);
  return { file, items };
}
