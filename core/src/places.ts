import type { Place } from './errors.js';

/** Gives places for offsets that mostly grow: items are asked for in the order in which they stand. */
export function placesOf(text: string, file: string): (offset: number) => Place {
  let line = 1;
  let lineStart = 0;
  return (offset) => {
    if (offset < lineStart) [line, lineStart] = [1, 0];
    for (let end = text.indexOf('\n', lineStart); end >= 0 && end < offset; end = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = end + 1;
    }
    return { file, line, column: offset - lineStart + 1 };
  };
}
