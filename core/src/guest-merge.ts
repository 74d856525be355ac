import { mergeByKey } from './guest-keys.js';
import { hunksOf, linesOf, matchLines, type Hunk } from './guest-lines.js';

/*
 * Three texts of one file: what mln made of what stood there, and what the guest has made of that since. Texts are taken
 * byte for byte (latin1), so that nothing depends on how they are encoded.
 */

/** Whether a content can be merged line by line. */
export function isText(content: Buffer | null): content is Buffer {
  return content !== null && !content.includes(0);
}

/** Takes out of the present file what mln has changed in it: what stood there before comes back, what the guest did stays. */
export function takeOutOf(present: Buffer, written: Buffer, original: Buffer): Buffer {
  const three = { from: written, mine: present, other: original };
  return mergeByKey(three) ?? merge(three, 'mine');
}

/** Brings what mln writes now, instead of what it wrote before, into a file that the guest has changed meanwhile. */
export function bringInto(present: Buffer, written: Buffer, wanted: Buffer): Buffer {
  return merge({ from: written, mine: present, other: wanted }, 'other');
}

export interface Three {
  readonly from: Buffer;
  /** The guest's. */
  readonly mine: Buffer;
  /** What mln makes of it. */
  readonly other: Buffer;
}

/**
 * Merges line by line: in the guest's text the lines that differ between `from` and `other` are exchanged. Where the guest
 * has changed such a line itself, its own stays, or (`other`) gives way. No line that the guest has put beside them by
 * itself comes a second time.
 */
function merge(three: Three, winner: 'mine' | 'other'): Buffer {
  const [from, mine, other] = [three.from, three.mine, three.other].map(linesOf) as [string[], string[], string[]];
  /** Where each line of `from` stands in the guest's text; -1 where the guest has taken it out. */
  const places = matchLines(from, mine);
  const gone = new Set<number>();
  /** What is put in before a line of the guest's text. */
  const added = new Map<number, string[]>();
  for (const hunk of hunksOf(from, other)) {
    const here = placeOf(hunk, places, mine.length);
    const left = hunk.from.filter((index) => (places[index] ?? -1) >= 0);
    for (const index of left) gone.add(places[index] ?? -1);
    if (winner === 'other') for (const index of here.own) if (left.length < hunk.from.length) gone.add(index);
    const lost = winner === 'mine' && hunk.from.length > 0 && left.length === 0;
    const own = new Set(here.own.filter((index) => !gone.has(index)).map((index) => mine[index]));
    const lines = hunk.other.map((index) => other[index] ?? '').filter((line) => line.trim() === '' || !own.has(line));
    if (!lost) added.set(here.at, [...(added.get(here.at) ?? []), ...lines]);
  }
  const merged: string[] = [];
  for (let index = 0; index <= mine.length; index += 1) {
    merged.push(...(added.get(index) ?? []));
    if (index < mine.length && !gone.has(index)) merged.push(mine[index] ?? '');
  }
  return joined(merged);
}

/** Where a hunk is in the guest's text, and which lines there are the guest's own. */
function placeOf({ from, after }: Hunk, places: Int32Array, length: number): { at: number; own: number[] } {
  let before = after - 1;
  while (before >= 0 && (places[before] ?? -1) < 0) before -= 1;
  let next = after + from.length;
  while (next < places.length && (places[next] ?? -1) < 0) next += 1;
  const begin = before < 0 ? 0 : (places[before] ?? 0) + 1;
  const end = next < places.length ? (places[next] ?? length) : length;
  const taken = new Set(places);
  const own = Array.from({ length: end - begin }, (_, index) => begin + index).filter((index) => !taken.has(index));
  const first = from.map((index) => places[index] ?? -1).find((place) => place >= 0);
  return { at: first ?? begin, own };
}

/** Lines as a text; one that was the last, and had no end, gets one. */
function joined(lines: readonly string[]): Buffer {
  const text = lines.map((line, index) => (index < lines.length - 1 && !line.endsWith('\n') ? `${line}\n` : line));
  return Buffer.from(text.join(''), 'latin1');
}
