import { Problems, type Place } from '@mln/core';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type ParsedNode } from 'yaml';
import { verbs, type Verb } from '../protocol.js';

/** What some may do. */
export interface Role {
  /** For messages. */
  readonly name: string;
  /** `local`, or patterns: `user:alice`, `server:*`. */
  readonly principals: readonly string[];
  readonly verbs: ReadonlySet<Verb>;
  /** Patterns; null: all, and the server as a whole. */
  readonly projects: readonly string[] | null;
  /** Patterns of groups of servers; null: all servers. */
  readonly groups: readonly string[] | null;
}

/** What `all` stands for: what goes further has to be named. */
const usual: readonly Verb[] = verbs.filter((verb) => verb !== 'host' && verb !== 'admin');

/** The lists of a role, with what a word of each may be. */
const lists = {
  principals: {
    pattern: /^(local|(user|server):[A-Za-z0-9_.*?-]+)$/,
    hint: 'local, user:NAME or server:NAME; * and ? stand for any characters',
  },
  verbs: {
    pattern: new RegExp(`^(all|${verbs.join('|')})$`),
    hint: `known are ${verbs.join(' ')}, and all (but host and admin)`,
  },
  projects: { pattern: /^[A-Za-z0-9_*?-]+$/, hint: 'names of projects; * and ? stand for any characters' },
  groups: { pattern: /^[A-Za-z0-9_*?-]+$/, hint: 'groups of servers; * and ? stand for any characters' },
} as const;
type List = keyof typeof lists;
const isList = (word: string): word is List => Object.hasOwn(lists, word);

interface Reading {
  readonly problems: Problems;
  readonly placeOf: (node: Node | null) => Place;
}

/** Reads the text of a roles file. Throws MLN_BAD_CONFIGURATION with all that is wrong, and where. */
export function readRoles(text: string, file: string): readonly Role[] {
  const problems = new Problems();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, stringKeys: true });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const { message, pos } of [...document.errors, ...document.warnings])
    problems.error('MLN_BAD_CONFIGURATION', message, {
      place: placeAt(pos[0]),
      hint: "a word that begins with * stands in quotes: '*'",
    });
  problems.throwErrors();
  const reading: Reading = { problems, placeOf: (node) => placeAt(node?.range?.[0] ?? 0) };
  const roles = readTop(document.contents, reading);
  problems.throwErrors();
  return roles;
}

function readTop(top: ParsedNode | null, reading: Reading): readonly Role[] {
  if (!isMap(top)) {
    wrong(reading, top, 'the file has to begin with roles:');
    return [];
  }
  let roles: readonly Role[] = [];
  for (const { key, value } of top.items) {
    if (wordOf(key) !== 'roles')
      wrong(reading, key, `${said(key)} is not known here`, 'the file has roles, and nothing else');
    else if (!isSeq(value)) wrong(reading, value ?? key, 'roles is a list: each begins with -');
    else roles = value.items.flatMap((item, index) => readRole(item, index, reading) ?? []);
  }
  return roles;
}

function readRole(node: ParsedNode, index: number, reading: Reading): Role | null {
  if (!isMap(node)) {
    wrong(reading, node, 'a role has principals and verbs');
    return null;
  }
  const found: Partial<Record<List, readonly string[]>> = {};
  let name = `number ${index + 1}`;
  for (const { key, value } of node.items) {
    const word = wordOf(key) ?? '';
    if (word === 'name')
      name = wordOf(value) ?? (wrong(reading, value ?? key, 'the name of a role is one word or text'), name);
    else if (isList(word)) found[word] = readList(word, key, value, reading);
    else wrong(reading, key, `${said(key)} is not known in a role`, `known are name, ${Object.keys(lists).join(', ')}`);
  }
  for (const needed of ['principals', 'verbs'] as const)
    if (!found[needed]) wrong(reading, node, `the role ${name} says no ${needed}`, lists[needed].hint);
  const { principals = [], verbs: given = [], projects = null, groups = null } = found;
  const allowed = new Set(given.flatMap((verb) => (verb === 'all' ? usual : [verb as Verb])));
  // Whoever looks after a server sees what goes on there.
  if (allowed.has('admin')) allowed.add('read');
  return { name, principals, verbs: allowed, projects, groups };
}

/** A list of words, or one word alone. */
function readList(list: List, key: ParsedNode, value: ParsedNode | null, reading: Reading): readonly string[] {
  const { pattern, hint } = lists[list];
  const nodes = isSeq(value) ? value.items : [value ?? key];
  return nodes.flatMap((node) => {
    const word = node === key ? null : wordOf(node);
    if (word !== null && pattern.test(word)) return [word];
    wrong(
      reading,
      node,
      `${list}: ${word === null ? 'a word is wanted here' : `${JSON.stringify(word)} is not known`}`,
      hint,
    );
    return [];
  });
}

/** The text of a word; null where it is none. */
function wordOf(node: Node | null): string | null {
  return isScalar(node) && typeof node.value === 'string' ? node.value : null;
}

function said(node: Node): string {
  return JSON.stringify(wordOf(node) ?? String(node));
}

function wrong({ problems, placeOf }: Reading, node: Node | null, message: string, hint?: string): void {
  problems.error('MLN_BAD_CONFIGURATION', message, { place: placeOf(node), hint });
}
