/*
 * Most statements, and most heads of blocks, at once: nothing in them is quoted, escaped or a heredoc, and no brace
 * touches them.
 */
const plainWord = String.raw`[^ \t\u00a0\r\n;{}"'\\#<][^ \t\u00a0\r\n;{}"'\\<]*`;
export const plainStatement = new RegExp(String.raw`(?:${plainWord}(?: +|(?=[\n;}]|$))){1,64}(?=[\n;}#]|$)`, 'y');
export const plainHead = new RegExp(String.raw`(?:${plainWord} +){1,64}(?=\{)`, 'y');

/** The words of plain text, from one offset to another. */
export function plainWordsOf(input: string, at: number, end: number): string[] {
  const words = input.slice(at, end).split(' ');
  return words.includes('') ? words.filter((each) => each !== '') : words;
}

/* What stands between items. A `#` may also begin an include. */
const comment = String.raw`#(?!include(?=[ \t\r\n;}]|$)(?![ \t]*<))[^\n]*`;
export const inLine = new RegExp(String.raw`(?:[ \t\u00a0\r;]+|\\\r?\n|${comment})*`, 'y');
export const acrossLines = new RegExp(String.raw`(?:[ \t\u00a0\r;\n]+|\\\r?\n|${comment})*`, 'y');

/** Where a sticky pattern ends that matches at an offset; less than 0 where it does not. */
export function endOf(sticky: RegExp, input: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(input) ? sticky.lastIndex : -1;
}
