import P from 'parsimmon';
import { failure, MlnError, type Place, type Problem } from './errors.js';
import { toItems, type Node } from './grammar-items.js';
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

/** What follows the words of a statement or block. */
type Rest = { type: 'statement' } | { type: 'fenced'; from: number; to: number } | ({ type: 'block' } & Inner);

/** What stands between braces: [from, to) of the text. */
interface Inner {
  items: Node[];
  from: number;
  to: number;
  closed: boolean;
}

const token = (pattern: RegExp, name: string): P.Parser<string> => {
  const sticky = new RegExp(pattern.source, 'y');
  return P((input, at) => {
    sticky.lastIndex = at;
    const match = sticky.exec(input);
    return match ? P.makeSuccess(sticky.lastIndex, match[0]) : P.makeFailure(at, name);
  });
};
const here = P<number>((_, at) => P.makeSuccess(at, at));

/* Words. A "{" that does not open a block takes the text up to its "}" into the word. */
const blanks = token(/(?:[ \t\u00a0\r]|\\\r?\n)*/, 'blanks');
const simple = token(/[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\]*(?=[ \t\u00a0\r\n;}]|$)/, 'a word');
const piece = token(
  /[^ \t\u00a0\r\n;{}"'\\]+|\\(?:[^\r\n]|\r(?!\n)|$)|\\\r?\n(?=[^ \t\u00a0\r\n;{}])|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|["']/,
  'a word',
);
const textOpen = token(/\{(?![ \t\u00a0\r\n}]|$)|(?<=\$)\{/, '"{" of text');
const textPiece = token(/[^{}"'\\]+|\\(?:[^]|$)|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|["']/, 'text');
/** A group that is never closed takes all the rest; where it was opened stands behind it, between two NULs, which no file has. */
const group = (open: P.Parser<string>): P.Parser<string> =>
  P.lazy(() =>
    P.seqMap(here, open, P.alt(textPiece, nestedGroup).many().tie(), token(/\}|$/, '"}"'), (at, opened, text, close) =>
      close === '' ? `${opened}${text}\0${at}\0` : opened + text + close,
    ),
  );
const textGroup = group(textOpen);
const nestedGroup = group(P.string('{'));
const compound = P.seqMap(
  token(/(?!#)/, 'a word'),
  piece,
  P.alt(piece, textGroup).many().tie(),
  (_, first, rest) => first + rest,
);
const word = P.alt(simple, compound).skip(blanks);

/* What is not a statement. */
const semicolon = token(/;/, '";"').result(null);
const comment = token(/#[^\n]*/, 'a comment').result(null);
const stray = here.skip(P.string('}')).map((at): Node => ({ type: 'stray', at }));
const include = P.seqMap(
  here,
  token(/#include(?=[ \t\r\n;}]|$)(?![ \t]*<)[ \t]*/, '#include'),
  token(/(?:"[^"\n]*"|'[^'\n]*'|[^ \t\u00a0\r\n;{}]+)?/, 'a path'),
  here,
  token(/[ \t\r]*(?:(?=[;}\n])|$|#[^\n]*)|[^\n]*/, 'the end of the line'),
  (at, _, path, end, rest): Node => ({
    type: 'include',
    at,
    end,
    path: path === '' || /^[ \t\r]*[^\s#]/.test(rest) ? null : path.replace(/^(["'])(.*)\1$/, '$2'),
  }),
);

/** A heredoc as in shell: its word may be quoted, and a redirection or a pipe may follow at once. */
export const heredocWord = /^\d*<<-?(?:(["'])([A-Za-z_]\w*)\1|\\?([A-Za-z_]\w*))(?=$|[<>|&)])/;

/** The lines of a heredoc: [from, to), and where the text goes on behind the line that is WORD alone. */
type Heredoc = (input: string, at: number, endWord: string) => { from: number; to: number; next: number } | null;

/** Looks for all lines that are one word alone once, so that many a heredoc without an end costs no time. */
function heredocs(): Heredoc {
  let ends: Map<string, { to: number; next: number }[]> | undefined;
  return (input, at, endWord) => {
    if (!ends) {
      ends = new Map();
      for (const { 0: line, 1: word = '', index } of input.matchAll(/^[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\r?$/gm)) {
        const same = ends.get(word);
        const end = { to: index, next: index + line.length };
        if (same) same.push(end);
        else ends.set(word, [end]);
      }
      for (const same of ends.values()) same.reverse();
    }
    const left = ends.get(endWord) ?? [];
    while ((left.at(-1)?.to ?? at) < at) left.pop();
    const end = left.at(-1);
    return end ? { from: at, ...end } : null;
  };
}

/** Builds the grammar anew for each file: a newline has to know which heredocs were begun on its line. */
function grammar(): P.Parser<Node[]> {
  const heredoc = heredocs();
  let begun: { at: number; word: string; fences: boolean }[] = [];

  /** The end of a line, or of the file; it takes the lines of the heredocs that were begun. */
  const lineEnd = (next: number, input: string): P.Reply<Node[]> => {
    const unclosed: Node[] = [];
    let after = next;
    for (const each of begun) {
      const lines = heredoc(input, after, each.word);
      if (lines) after = lines.next;
      else unclosed.push({ type: 'open', at: each.at, word: each.word });
    }
    begun = [];
    return P.makeSuccess(after, unclosed);
  };
  const newline = P<Node[]>((input, at) =>
    input[at] === '\n' ? lineEnd(at + 1, input) : P.makeFailure(at, 'a newline'),
  );
  const end = P<Node[]>((input, at) => (at >= input.length ? lineEnd(at, input) : P.makeFailure(at, 'the end')));

  const words = P.seqMap(here, word.atLeast(1), (at, found) => {
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
    if (!lines) return P.makeFailure(at, 'a fence');
    begun = [];
    return P.makeSuccess(lines.next, { type: 'fenced', from: lines.from, to: lines.to });
  });

  const levels: P.Parser<Node[]>[] = [];
  const level = (depth: number): P.Parser<Node[]> => (levels[depth] ??= makeLevel(depth));
  const makeLevel = (depth: number): P.Parser<Node[]> => {
    const body: P.Parser<Inner> = P.lazy(() => {
      if (depth >= MAX_DEPTH)
        return P<Inner>((_, at) => {
          throw new TooDeep(at);
        });
      return P.seqMap(here, level(depth + 1), here, token(/\}|$/, '"}"'), (from, items, to, close) => ({
        from,
        to,
        items,
        closed: close === '}',
      }));
    });
    const open = token(/\{[ \t]*/, '"{"');
    const rest = P.alt<Rest>(
      open.then(body).map((inner): Rest => ({ type: 'block', ...inner })),
      fence,
      P.of<Rest>({ type: 'statement' }),
    );
    const statementOrBlock = P.seqMap(words, rest, (head, found): Node => ({ ...head, ...found }));
    const nameless = P.seqMap(here, open.then(body), (at, inner): Node => ({ type: 'block', at, words: [], ...inner }));
    const item = P.alt<Node | Node[] | null>(
      newline,
      statementOrBlock,
      semicolon,
      include,
      comment,
      nameless,
      ...(depth === 0 ? [stray] : []),
    );
    return blanks.then(item.skip(blanks).many()).map((found) => found.flat().filter((node) => node !== null));
  };
  return P.seqMap(level(0), end, (nodes, unclosed) => [...nodes, ...unclosed]);
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
