/** A stretch in which two texts differ, by the numbers of its lines. */
export interface Hunk {
  /** How many lines of the first text come before it. */
  readonly after: number;
  readonly from: readonly number[];
  readonly other: readonly number[];
}

/** Above so many pairs of lines only what both texts begin and end with is taken for common. */
const MOST_PAIRS = 4_000_000;

/** A text's lines, with their ends. */
export function linesOf(text: Buffer): string[] {
  return text.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Says which line of the second text each one of the first is, by their longest common subsequence; -1 where it is none. */
export function matchLines(old: readonly string[], fresh: readonly string[]): Int32Array {
  const found = new Int32Array(old.length).fill(-1);
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) {
    found[start] = start;
    start += 1;
  }
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) {
    end += 1;
    found[old.length - end] = fresh.length - end;
  }
  const [rows, columns] = [old.length - end - start, fresh.length - end - start];
  if (rows * columns > MOST_PAIRS) return found;
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  const same = (row: number, column: number): boolean => old[start + row] === fresh[start + column];
  for (let row = rows - 1; row >= 0; row -= 1)
    for (let column = columns - 1; column >= 0; column -= 1)
      lengths[row * width + column] = same(row, column)
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (same(row, column)) {
      found[start + row] = start + column;
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  return found;
}

/** The stretches in which texts differ. Of as many lines on both sides each one is a stretch of its own. */
export function hunksOf(from: readonly string[], other: readonly string[]): readonly Hunk[] {
  const matches = matchLines(from, other);
  const hunks: Hunk[] = [];
  let [row, column] = [0, 0];
  while (row < from.length || column < other.length) {
    const begin = row;
    while (row < from.length && (matches[row] ?? -1) < 0) row += 1;
    const end = row < from.length ? (matches[row] ?? other.length) : other.length;
    const left = Array.from({ length: row - begin }, (_, index) => begin + index);
    const right = Array.from({ length: end - column }, (_, index) => column + index);
    if (left.length === right.length)
      left.forEach((line, index) => hunks.push({ after: line, from: [line], other: [right[index] ?? 0] }));
    else hunks.push({ after: begin, from: left, other: right });
    column = end + 1;
    row += 1;
  }
  return hunks;
}
