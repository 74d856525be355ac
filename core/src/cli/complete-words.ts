/*
 * A command line as it is typed, taken apart as shells do, and never evaluated. What a shell would put something else
 * in the place of (a variable, what a command prints, what a pattern finds) is a word of which nothing is known.
 */

/** A word of a command line. */
export interface Word {
  /** Without its quotes; null where the shell would make something else of it. */
  readonly text: string | null;
  /** It begins with a ~ that stands for the home folder. */
  readonly home: boolean;
}

/** The words of a command line up to the cursor; the last one, which may be empty, is where the cursor is. */
export function splitLine(line: string): readonly Word[] {
  let words: Word[] = [];
  const at: { word: { text: string; known: boolean; home: boolean } | null; aside: boolean } = {
    word: null,
    aside: false,
  };
  const begun = (): NonNullable<typeof at.word> => (at.word ??= { text: '', known: true, home: false });
  const end = (): void => {
    if (at.word && !at.aside) words.push({ text: at.word.known ? at.word.text : null, home: at.word.home });
    if (at.word) at.aside = false;
    at.word = null;
  };
  for (let index = 0; index < line.length;) {
    const char = line.charAt(index);
    const next = line.charAt(index + 1);
    if (/\s/.test(char)) end();
    else if (/[;|&]/.test(char)) {
      end();
      words = [];
    } else if (/[<>]/.test(char) && next !== '(') {
      // What is redirected is no argument, nor is the number before it.
      if (at.word && !/^\d+$/.test(at.word.text)) end();
      at.word = null;
      at.aside = true;
    } else if (char === '\\') {
      begun().text += next === '\n' ? '' : next;
      index += 1;
    } else if (char === "'" || char === '"') {
      const quoted = unquote(line, index);
      begun().text += quoted.text;
      begun().known &&= quoted.known;
      index = quoted.end - 1;
    } else if (/[$`(<>]/.test(char)) {
      begun().known = false;
      index = skip(line, index) - 1;
    } else if (char === '~' && at.word === null) {
      begun().text = char;
      begun().home = next === '/';
      begun().known = next === '/';
    } else {
      begun().text += char;
      if (/[)*?[{!]/.test(char)) begun().known = false;
    }
    index += 1;
  }
  begun().known &&= !at.aside;
  at.aside = false;
  end();
  return words;
}

/** The text in the quotes that open at an index, and the index behind them; they may be left open. */
function unquote(line: string, start: number): { text: string; known: boolean; end: number } {
  const quote = line.charAt(start);
  let [text, known] = ['', true];
  let index = start + 1;
  for (; index < line.length && line.charAt(index) !== quote; index += 1) {
    const char = line.charAt(index);
    if (quote === "'") text += char;
    else if (char === '\\' && /[\\"$`]/.test(line.charAt(index + 1))) text += line.charAt((index += 1));
    else if (/[$`]/.test(char)) {
      known = false;
      index = skip(line, index) - 1;
    } else text += char;
  }
  return { text, known, end: index + 1 };
}

const closing: Readonly<Record<string, string>> = { '(': ')', '{': '}', '`': '`', '"': '"', "'": "'" };

/** The index behind what begins here and is not taken apart: `$(…)`, `${…}`, a backquote, `<(…)`; or behind a $. */
function skip(line: string, start: number): number {
  const from = /[$<>]/.test(line.charAt(start)) && /[({']/.test(line.charAt(start + 1)) ? start + 1 : start;
  const open = line.charAt(from);
  const close = closing[open];
  if (close === undefined) return from + 1;
  for (let index = from + 1; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (char === close) return index + 1;
    if (char === '\\') index += 1;
    else if (/[`"'({]/.test(char) && open !== "'") index = skip(line, index) - 1;
  }
  return line.length;
}
