/*
 * Words as they are written, and what they mean: quotes taken off, escapes read, variables replaced. A word that is
 * quoted as a whole loses its quotes; quotes inside a word stay. `\` takes the next character literally, except
 * inside '…'. Quotes do not stop variables, `\$` does.
 */

/** Gives a variable's value, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

const special = /[\\$"']/;
const variable = /\$(?:\[([A-Za-z_][A-Za-z0-9_]*)\]|([A-Za-z_][A-Za-z0-9_]*))/y;
const joined = /\\\r?\n/y;
/** crypt(5) hashes: their dollars are not variables. */
const cryptHash = /^\$(?:1|2a|2b|2y|5|6|y|gy|7)\$/;

/** Tells whether a word means what is written: nothing in it is quoted, escaped or a variable. */
export function isPlain(word: string): boolean {
  return !special.test(word);
}

/** Reads one word. `missing` is told the name of each variable that is not set; it then stays as it is written. */
export function readWord(raw: string, lookup: Lookup, missing?: (name: string) => void): string {
  if (isPlain(raw) || cryptHash.test(raw)) return raw;
  const quoted = /^"((?:[^"\\]|\\[^])*)"$/.exec(raw) ?? /^'([^']*)'$/.exec(raw);
  const text = quoted?.[1] ?? raw;
  if (cryptHash.test(text)) return text;
  let literal = quoted !== null && raw.startsWith("'");
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "'" && !quoted && (literal || text.includes("'", at + 1))) literal = !literal;
    if (character === '\\' && !literal && at + 1 < text.length) {
      joined.lastIndex = at;
      if (joined.test(text)) at = joined.lastIndex - 1;
      else result += text.charAt((at += 1));
      continue;
    }
    const found = character === '$' ? variableAt(text, at) : null;
    if (!found) {
      result += character;
      continue;
    }
    const value = lookup(found.name);
    if (value === undefined) missing?.(found.name);
    result += value ?? found.text;
    at += found.text.length - 1;
  }
  return result;
}

/** Tells whether a word begins with a quote that has no partner on its line. */
export function hasOpenQuote(word: string): boolean {
  return /^(?!"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*')["']/.test(word);
}

/** What is told of such a word, which may be a part of a password. */
export const openQuote = 'a quote is opened and not closed on this line';

/** A word as it is written, but on one line: a backslash before a newline joins the lines. */
export function onOneLine(raw: string): string {
  return raw.includes('\n')
    ? raw.replace(/\\(\r?\n)|\\[^]/g, (all, join?: string) => (join === undefined ? all : ''))
    : raw;
}

/** Replaces the variables of a text in another language: only those that are set, and never `\$x`, `${x}`, `$(x)`. */
export function readText(raw: string, lookup: Lookup): string {
  return raw.replace(
    /\\\$|\$\[([A-Za-z_][A-Za-z0-9_]*)\]|\$([A-Za-z_][A-Za-z0-9_]*)/g,
    (all, marked?: string, plain?: string) => {
      const name = marked ?? plain;
      return name === undefined ? all : (lookup(name) ?? all);
    },
  );
}

/**
 * Takes the indentation off a block's text: the longest blank prefix that all its lines share, and the blank lines at
 * both ends. The rest stays as it is written. A text on one line loses its outer blanks.
 */
export function dedent(raw: string): string {
  const all = withoutBlanksBehind(raw.replace(/\r(?=\n|$)/g, ''), ' \t').split('\n');
  if (all.length === 1) return raw.trim();
  const isFull = (line: string): boolean => line.trim() !== '';
  const lines = all.slice(all.findIndex(isFull), all.findLastIndex(isFull) + 1);
  const prefixes = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '');
  const shared = prefixes.reduce((one, other) => commonPrefix(one, other), prefixes[0] ?? '');
  return lines.map((line) => (line.trim() === '' ? '' : line.slice(shared.length))).join('\n');
}

/** Takes these characters off the end; a regular expression takes quadratic time over blanks that are not at the end. */
export function withoutBlanksBehind(text: string, blanks: string): string {
  let end = text.length;
  while (end > 0 && blanks.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function commonPrefix(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

function variableAt(text: string, at: number): { name: string; text: string } | null {
  variable.lastIndex = at;
  const match = variable.exec(text);
  const name = match?.[1] ?? match?.[2];
  return match && name !== undefined ? { name, text: match[0] } : null;
}
