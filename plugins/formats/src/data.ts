import { fence, line, variable, type Entry, type Reading } from './entries.js';
import type { Map, Node } from './node.js';
import { declared, inside, isBlock, top, type Where } from './where.js';

/**
 * What JSON and YAML say, as entries: a key is a head, its value what follows the head. A list under a key is the
 * same head several times; the list of a block's content, or of a keyword's rows, is one entry after the other.
 */
export function entriesOfData(node: Node, { keywords, problems, places }: Reading): Entry[] {
  const bad = (message: string, at: number, hint?: string): [] => {
    problems.error('MLN_BAD_FILE', message, { place: places(at), hint });
    return [];
  };

  const content = (node: Node, where: Where): Entry[] => {
    if (node.kind === 'map') return members(node, where);
    if (node.kind === 'list') return node.nodes.flatMap((each) => row(each, where));
    if (node.kind === 'literal' && node.value === null) return [];
    return bad('a project is an object', node.at, 'write { "global": { "project": … }, … }');
  };

  const row = (node: Node, where: Where): Entry[] => {
    if (node.kind === 'map') return members(node, where);
    if (node.kind === 'text') return [{ kind: 'line', text: node.text, place: places(node.at) }];
    return bad('a row of a block is a string or an object', node.at);
  };

  const members = (map: Map, where: Where): Entry[] => {
    const seen = new Set<string>();
    return map.members.flatMap(({ key, at, node }) => {
      if (seen.has(key)) {
        problems.error('MLN_TWICE', `the key ${key} stands twice in one object`, {
          place: places(at),
          hint: 'a list under one key is the same keyword several times',
        });
        return [];
      }
      seen.add(key);
      if (node.kind !== 'list') return value(key, at, node, where);
      if (declared(keywords, where, key)?.kind === 'list') return group(key, at, node, where);
      return node.nodes.flatMap((each) => value(key, each.at, each, where));
    });
  };

  const group = (head: string, at: number, node: Node, where: Where): Entry[] => {
    const place = places(at);
    return [{ kind: 'group', head, entries: content(node, inside(keywords, where, head)), place }];
  };

  /** The value of one key; `at` is where the entry stands. */
  const value = (head: string, at: number, node: Node, where: Where): Entry[] => {
    const isNothing = node.kind === 'literal' && node.value === null && isBlock(keywords, where, head);
    if (node.kind === 'map' || node.kind === 'list' || isNothing) return group(head, at, node, where);
    const place = places(at);
    if (head === '#include') {
      if (node.kind !== 'text') return bad('#include takes one path', at);
      return [{ kind: 'include', path: node.text, place }];
    }
    const isVariable = variable.test(head);
    if (node.kind === 'literal') {
      const word = node.value === false ? 'no' : node.value && isVariable ? 'yes' : '';
      return [line(head, word, place)];
    }
    const { text } = node;
    const isText = text.includes('\n') || fence.test(head) || declared(keywords, where, head)?.kind === 'text';
    return isText ? [{ kind: 'text', head, text, place }] : [line(head, text, place)];
  };

  return content(node, top);
}
