/*
 * Most statements, and most heads of blocks, at once: nothing in them is quoted, escaped or a heredoc, and no brace
 * touches them.
 */
const plainWord = String.raw`[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\<]*`;
export const plainStatement = new RegExp(String.raw`(?:${plainWord}(?: +|(?=[\n;}]|$))){1,64}(?=[\n;}#]|$)`, 'y');
export const plainHead = new RegExp(String.raw`(?:${plainWord} +){1,64}(?=\{)`, 'y');

/** The words of plain text, from one offset to another; most of it is one word or two. */
export function plainWordsOf(input: string, at: number, end: number): string[] {
  const first = wordEnd(input, at, end);
  if (first === end) return [input.slice(at, end)];
  const second = wordEnd(input, first + 1, end);
  if (second === end && second > first + 1) return [input.slice(at, first), input.slice(first + 1, end)];
  return input
    .slice(at, end)
    .split(' ')
    .filter((each) => each !== '');
}

function wordEnd(input: string, at: number, end: number): number {
  let next = at;
  while (next < end && input.charCodeAt(next) !== BLANK) next += 1;
  return next;
}
const BLANK = 32;

/* What stands between items. A `#` may also begin an include. */
const comment = String.raw`#(?!include(?=[ \t\r\n;}]|$)(?![ \t]*<))[^\n]*`;
export const inLine = new RegExp(String.raw`(?:[ \t\u00a0\r;]+|\\\r?\n|${comment})*`, 'y');
export const acrossLines = new RegExp(String.raw`(?:[ \t\u00a0\r;\n]+|\\\r?\n|${comment})*`, 'y');

/** Where a sticky pattern ends that matches at an offset; less than 0 where it does not. */
export function endOf(sticky: RegExp, input: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(input) ? sticky.lastIndex : -1;
}
