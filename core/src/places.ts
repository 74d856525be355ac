import type { Place } from './errors.js';

/** Gives places for offsets that mostly grow: items are asked for in the order in which they stand. */
export function placesOf(text: string, file: string): (offset: number) => Place {
  // A byte order mark is no column.
  const first = text.startsWith('\ufeff') ? 1 : 0;
  let [line, lineStart, lineEnd] = [1, first, endOfLine(text, first)];
  return (offset) => {
    if (offset < lineStart) [line, lineStart, lineEnd] = [1, first, endOfLine(text, first)];
    while (lineEnd < offset) {
      line += 1;
      lineStart = lineEnd + 1;
      lineEnd = endOfLine(text, lineStart);
    }
    return { file, line, column: offset - lineStart + 1 };
  };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? Infinity : end;
}
