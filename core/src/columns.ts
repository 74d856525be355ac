/** What a word of a row can be asked to be. */
export type ColumnKind = keyof typeof checks;

/** One word of a list’s rows. The words of a row are its columns, in their order. */
export interface Column {
  /** What the word is, such as destination. */
  readonly name: string;
  /** The name of a user or group, a path that begins with /, an octal mode, a whole number, or no blanks in it. Anything where left out. */
  readonly is?: ColumnKind;
  /** Words that may stand in its place. */
  readonly or?: readonly string[];
  /** It, and what follows it, may be left out. */
  readonly optional?: boolean;
  /** The last column: any number of words, or none. */
  readonly many?: boolean;
  /** It names a file or folder beside the project file that is copied into the guest: where another server builds the guest, it is sent along. */
  readonly copied?: true;
}

const checks = {
  name: {
    fits: /^[a-z_][a-z0-9_.-]{0,31}$/i,
    must: 'begins with a letter or _, and has at most 32 letters, digits, _ . or -',
  },
  path: { fits: /^\//, must: 'begins with /' },
  mode: { fits: /^0?[0-7]{3,4}$/, must: 'is an octal mode, such as 0644' },
  number: { fits: /^\d{1,9}$/, must: 'is a whole number' },
  word: { fits: /^\S+$/, must: 'may hold no blanks' },
} as const;

/** Writes how a row is written: `source destination [mode]`. */
export function syntaxOf(columns: readonly Column[]): string {
  return columns.reduceRight((rest, { name, or = [], optional, many }) => {
    const word = [name, ...or].join(' or ');
    if (many === true) return `[${word}…]`;
    const all = rest === '' ? word : `${word} ${rest}`;
    return optional === true ? `[${all}]` : all;
  }, '');
}

/** Tells what is wrong with a row of a list, one sentence a fault; words from the column `secret` on are not quoted. */
export function faultsOf(
  list: string,
  words: readonly string[],
  columns: readonly Column[],
  secret = Infinity,
): readonly string[] {
  const faults: string[] = [];
  for (const [at, column] of columns.entries())
    for (const [index, word] of wordsOf(column, at, words)) {
      const fault = faultOf(word, column);
      if (fault === null) continue;
      const not = word === '' || index >= secret ? '' : `, not ${word}`;
      faults.push(
        word === '' ? `a row of ${list} has no ${column.name}` : `${list}: the ${column.name} ${fault}${not}`,
      );
    }
  const most = columns.at(-1)?.many === true ? Infinity : columns.length;
  if (words.length > most)
    faults.push(`a row of ${list} has at most ${most} ${most === 1 ? 'word' : 'words'}, not ${words.length}`);
  return faults;
}

/** The words of a column with their positions; a word that has to be there and is not counts as empty. */
function wordsOf({ optional, many }: Column, at: number, words: readonly string[]): [number, string][] {
  if (many === true) return words.slice(at).map((word, index) => [at + index, word]);
  return optional === true && at >= words.length ? [] : [[at, words[at] ?? '']];
}

function faultOf(word: string, { is, or = [], optional, many }: Column): string | null {
  if (word === '' && optional !== true && many !== true) return '';
  if (is === undefined || or.includes(word) || checks[is].fits.test(word)) return null;
  return [checks[is].must, ...or].join(' or ');
}
