import type { Place } from './errors.js';

/** Gives places for offsets that mostly grow: items are asked for in the order in which they stand. */
export function placesOf(text: string, file: string): (offset: number) => Place {
  // A byte order mark is no column.
  const first = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  let lineStart = first;
  return (offset) => {
    if (offset < lineStart) [line, lineStart] = [1, first];
    for (let end = text.indexOf('\n', lineStart); end >= 0 && end < offset; end = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = end + 1;
    }
    return { file, line, column: offset - lineStart + 1 };
  };
}
