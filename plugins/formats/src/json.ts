import { failure, type Place } from '@mln/core';
import { maxNesting } from './limits.js';
import type { Member, Node } from './node.js';

/*
 * JSON (RFC 8259), with what JSON.parse does not tell: places, numbers as they are spelt, and keys that stand twice.
 */

const blanks = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /true|false|null/y;

/** Reads JSON as nodes. Throws an MlnError at the first place where it is none. */
export function parseJson(text: string, file: string, places: (at: number) => Place): Node {
  let at = 0;

  const bad = (what: string): Error =>
    failure('MLN_BAD_FILE', `${file} is not JSON: ${what}`, { place: places(Math.min(at, text.length)) });

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };

  /** Goes to the next character that counts, and gives it. */
  const next = (): string => {
    take(blanks);
    return text.charAt(at);
  };

  const string = (): string => {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string;
      at = end + 1;
      return value;
    } catch {
      throw bad('this string is not closed, or holds what a string may not hold');
    }
  };

  /** What stands between two brackets, separated by commas. */
  const series = (close: string, one: () => void): void => {
    at += 1;
    if (next() !== close)
      for (;;) {
        one();
        const end = next();
        if (end === close) break;
        if (end !== ',') throw bad(`a comma or ${close} belongs here`);
        at += 1;
      }
    at += 1;
  };

  const value = (depth: number): Node => {
    const first = next();
    const start = at;
    if (depth > maxNesting) throw failure('MLN_TOO_DEEP', `${file} is nested too deep`, { place: places(at) });
    if (first === '"') return { kind: 'text', text: string(), at: start };
    if (first === '[') {
      const nodes: Node[] = [];
      series(']', () => nodes.push(value(depth + 1)));
      return { kind: 'list', nodes, at: start };
    }
    if (first === '{') {
      const members: Member[] = [];
      series('}', () => {
        if (next() !== '"') throw bad('a key in double quotes belongs here');
        const keyAt = at;
        const key = string();
        if (next() !== ':') throw bad('a colon belongs here');
        at += 1;
        members.push({ key, at: keyAt, node: value(depth + 1) });
      });
      return { kind: 'map', members, at: start };
    }
    const word = take(literal);
    if (word !== undefined) return { kind: 'literal', value: word === 'null' ? null : word === 'true', at: start };
    const digits = take(number);
    if (digits === undefined) throw bad(first === '' ? 'it ends too early' : 'a value belongs here');
    return { kind: 'text', text: digits, at: start };
  };

  const node = value(0);
  if (next() !== '') throw bad('only one value may stand here');
  return node;
}
