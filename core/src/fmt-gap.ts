import { withoutBlanksBehind } from './word.js';

/** What stands between two items: separators, blank lines, comments. */
export interface Gap {
  /** A comment on the line of what stands before it. */
  readonly behind: string | null;
  /** Comments on lines of their own; null for a blank line. */
  readonly own: readonly (string | null)[];
}

/** Reads what the grammar has passed over. */
export function readGap(text: string): Gap {
  const [first = '', ...rest] = text.split('\n');
  // The last line is the one that the next item stands on.
  const blankOrComment = rest.filter((line, at) => at < rest.length - 1 && !isJoined(line)).map(commentOf);
  const last = commentOf(rest.at(-1) ?? '');
  return { behind: commentOf(first), own: last === null ? blankOrComment : [...blankOrComment, last] };
}

/** A line that a backslash joins with the next is no blank one. */
function isJoined(line: string): boolean {
  return !line.includes('#') && /\\\r?$/.test(line);
}

function commentOf(line: string): string | null {
  const at = line.indexOf('#');
  return at < 0 ? null : withoutBlanksBehind(line.slice(at), ' \t\r\u00a0');
}
