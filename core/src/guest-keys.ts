import type { Three } from './guest-merge.js';
import { linesOf } from './guest-lines.js';

/**
 * Merges files whose lines begin with a key and a colon, as passwd(5), shadow(5) and group(5) describe them: account by
 * account, and in an account field by field, so that where a line stands does not matter. Members of a group are taken one
 * by one. Null where one of the texts is no such file. An account that mln made goes, whatever the guest has changed in it.
 */
export function mergeByKey(three: Three): Buffer | null {
  const [from, mine, other] = [three.from, three.mine, three.other].map(keyed);
  if (!from || !mine || !other || from.size === 0) return null;
  const merged = new Map<string, readonly string[]>();
  for (const [key, fields] of mine) {
    const [before, wanted] = [from.get(key), other.get(key)];
    if (!before) merged.set(key, fields);
    else if (wanted) merged.set(key, mergeFields(before, fields, wanted));
  }
  for (const [key, fields] of other) if (!from.has(key) && !merged.has(key)) merged.set(key, fields);
  return Buffer.from([...merged.values()].map((fields) => `${fields.join(':')}\n`).join(''), 'latin1');
}

function keyed(text: Buffer): Map<string, readonly string[]> | null {
  const found = new Map<string, readonly string[]>();
  for (const line of linesOf(text)) {
    const fields = line.replace(/\n$/, '').split(':');
    const [key = ''] = fields;
    if (fields.length < 4 || !/^[+-]?[A-Za-z0-9_][\w.-]*\$?$/.test(key) || found.has(key)) return null;
    found.set(key, fields);
  }
  return found;
}

function mergeFields(from: readonly string[], mine: readonly string[], other: readonly string[]): readonly string[] {
  if (from.length !== mine.length || mine.length !== other.length) return mine;
  return mine.map((field, index) => {
    const [before, wanted] = [from[index] ?? '', other[index] ?? ''];
    if (field === before) return wanted;
    // The last field of group(5) is a list.
    return mine.length === 4 && index === 3 ? mergeLists(before, field, wanted) : field;
  });
}

function mergeLists(from: string, mine: string, other: string): string {
  const [before, now, wanted] = [from, mine, other].map((list) => list.split(',').filter((each) => each !== ''));
  const kept = (now ?? []).filter((each) => !before?.includes(each) || wanted?.includes(each));
  const back = (wanted ?? []).filter((each) => !before?.includes(each) && !kept.includes(each));
  return [...kept, ...back].join(',');
}
