/** 1 MiB in bytes. */
export const MiB = 1024 * 1024;

const units: Record<string, number> = {
  K: 1024,
  KIB: 1024,
  KB: 1000,
  M: MiB,
  MIB: MiB,
  MB: 1e6,
  G: 1024 * MiB,
  GIB: 1024 * MiB,
  GB: 1e9,
  T: MiB * MiB,
  TIB: MiB * MiB,
  TB: 1e12,
};

/**
 * Reads a size such as `128M`, `5GB`, `64KiB`. K, M, G, T and KiB … are powers of 1024, KB … powers of 1000, in any
 * case; a bare number counts in `bare` bytes. Gives bytes, or a sentence that says what is wrong.
 */
export function parseSize(text: string, bare = 1): number | string {
  const match = /^(\d+)([A-Za-z]*)$/.exec(text);
  if (!match?.[1]) return /^\d*\.\d+[A-Za-z]*$/.test(text) ? 'a size takes whole numbers' : 'not a size';
  const unit = match[2] ?? '';
  const factor = unit === '' ? bare : Object.hasOwn(units, unit.toUpperCase()) ? units[unit.toUpperCase()] : undefined;
  if (factor === undefined) return `${unit} is not a unit; known are K, M, G, T, KB, MB, GB, TB, KiB, MiB, GiB, TiB`;
  const bytes = Number(match[1]) * factor;
  if (bytes === 0) return 'a size cannot be zero';
  return Number.isSafeInteger(bytes) ? bytes : 'too large';
}

/** Writes bytes for people: 64 MiB, 1.5 GiB. */
export function formatSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${names[index] ?? ''}`;
}

/** Reads a flag's word; undefined where it is neither yes nor no. */
export function parseFlag(text: string): boolean | undefined {
  if (/^(yes|on|true|1)$/i.test(text)) return true;
  if (/^(no|off|false|0)$/i.test(text)) return false;
  return undefined;
}

/** Compares names with runs of digits as numbers: node2 before node10. */
export function compareNames(one: string, other: string): number {
  const [a, b] = [one.split(/(\d+)/), other.split(/(\d+)/)];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const [left = '', right = ''] = [a[index], b[index]];
    if (left === right) continue;
    const difference = index % 2 === 1 ? Number(left) - Number(right) : 0;
    return difference !== 0 ? difference : left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Gives the known name that a misspelt one is nearest to, if any is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_COMPARED) return undefined;
  let best: string | undefined;
  let least = Math.min(3, Math.floor(name.length / 3) + 1);
  let looked = 0;
  const small = name.toLowerCase();
  for (const candidate of known) {
    if ((looked += 1) > MOST_COMPARED) break;
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(small, candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Among so many names one is always near; more, and longer ones, would only take time. */
const MOST_COMPARED = 300;
const LONGEST_COMPARED = 100;

/** The Damerau-Levenshtein distance (neighbours may be swapped), or `limit` where it is not less. */
function editDistance(first: string, second: string, limit: number): number {
  const [one, other] = different(first, second);
  if (Math.abs(one.length - other.length) >= limit) return limit;
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  let bestBefore = 0;
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= other.length; j += 1) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      let least = (row[j - 1] ?? 0) + cost;
      for (const way of [row[j], next[j - 1], swapped ? before[j - 2] : undefined])
        if (way !== undefined && way + 1 < least) least = way + 1;
      next.push(least);
      if (least < best) best = least;
    }
    // Neighbours that are swapped look back at the row before.
    if (best >= limit && bestBefore >= limit) return limit;
    [before, row, bestBefore] = [row, next, best];
  }
  return row[other.length] ?? limit;
}

/** Two texts without the beginning and the end that they share. */
function different(one: string, other: string): [string, string] {
  const shorter = Math.min(one.length, other.length);
  let begin = 0;
  while (begin < shorter && one[begin] === other[begin]) begin += 1;
  let end = 0;
  while (end < shorter - begin && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  return [one.slice(begin, one.length - end), other.slice(begin, other.length - end)];
}
