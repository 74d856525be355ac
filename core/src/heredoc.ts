/** A heredoc as in shell: its word may be quoted, and a redirection or a pipe may follow at once. */
export const heredocWord = /^\d*<<-?(?:(["'])([A-Za-z_]\w*)\1|\\?([A-Za-z_]\w*))(?=$|[<>|&)])/;

/** Gives the lines of a heredoc: [from, to), and where the text goes on behind the line that is WORD alone. */
export type Heredoc = (input: string, at: number, endWord: string) => { from: number; to: number; next: number } | null;

/** Looks for all lines that are one word alone once, so that many a heredoc without an end costs no time. */
export function heredocs(): Heredoc {
  let ends: Map<string, { to: number; next: number }[]> | undefined;
  return (input, at, endWord) => {
    if (!ends) {
      ends = new Map();
      for (const { 0: line, 1: word = '', index } of input.matchAll(/^[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\r?$/gm)) {
        const same = ends.get(word);
        const end = { to: index, next: index + line.length };
        if (same) same.push(end);
        else ends.set(word, [end]);
      }
      for (const same of ends.values()) same.reverse();
    }
    const left = ends.get(endWord) ?? [];
    while ((left.at(-1)?.to ?? at) < at) left.pop();
    const end = left.at(-1);
    return end ? { from: at, ...end } : null;
  };
}
