/** A line that only one of two texts has: `-` the old one, `+` the new one. */
export interface ChangedLine {
  readonly sign: '-' | '+';
  readonly line: string;
}

/** Above so many pairs of lines the search is given up, and all lines between the common ends count as changed. */
const MOST_PAIRS = 4_000_000;

/** Compares texts line by line, by their longest common subsequence; what both have is left out. */
export function diffLines(old: readonly string[], fresh: readonly string[]): readonly ChangedLine[] {
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const [left, right] = [old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)];
  if (left.length * right.length > MOST_PAIRS) return [...signed('-', left), ...signed('+', right)];
  return walk(left, right, commonLengths(left, right));
}

/** How many lines the rests of both texts have in common, from each pair of lines on; row by row. */
function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array {
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const [below, beside] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      lengths[i * width + j] =
        left[i] === right[j] ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(below, beside);
    }
  return lengths;
}

function walk(left: readonly string[], right: readonly string[], lengths: Uint32Array): ChangedLine[] {
  const changed: ChangedLine[] = [];
  const width = right.length + 1;
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) [i, j] = [i + 1, j + 1];
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) {
      changed.push({ sign: '-', line: left[i] ?? '' });
      i += 1;
    } else {
      changed.push({ sign: '+', line: right[j] ?? '' });
      j += 1;
    }
  }
  return [...changed, ...signed('-', left.slice(i)), ...signed('+', right.slice(j))];
}

function signed(sign: ChangedLine['sign'], lines: readonly string[]): ChangedLine[] {
  return lines.map((line) => ({ sign, line }));
}
