/** A rule of a TextMate grammar. */
export interface Rule {
  readonly name?: string;
  readonly contentName?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly while?: string;
  readonly captures?: Captures;
  readonly beginCaptures?: Captures;
  readonly endCaptures?: Captures;
  readonly patterns?: readonly Rule[];
  readonly include?: string;
}
type Captures = Readonly<Record<string, Rule>>;

export const scope = (name: string): Rule => ({ name: `${name}.mln` });
export const use = (...names: readonly string[]): Rule[] => names.map((name) => ({ include: `#${name}` }));

/** Behind a word. */
export const wordEnd = '(?=[\\s;{}]|$)';
/** Before a word, `=` of a variable included. */
const wordStart = '(?<![^\\s=;{}])';
/** The end of a statement. */
export const statementEnd = '(?=[;}])|$';
/** A brace that opens a block. */
export const open = '((?<=[ \\t])\\{|\\{(?=[\\s}]|$))';
/** The words of a block's head. */
export const word =
  '(?:(?!#)(?:[^\\s;{}"\'\\\\]|\\\\.|"(?:[^"\\\\]|\\\\.)*"|\'[^\']*\')(?:[^\\s;{}"\'\\\\]|\\\\.|"(?:[^"\\\\]|\\\\.)*"|\'[^\']*\'|["\'])*)';
export const moreWords = `((?:[ \\t]+${word})*)`;

const octet = '\\d{1,3}';
const variableName = '[A-Za-z_][A-Za-z0-9_]*';

/** What words are made of, in the grammar of the language: core/src/grammar.ts, core/src/word.ts. */
export const wordRules: Readonly<Record<string, Rule>> = {
  words: {
    patterns: use(
      'joined',
      'comment',
      'escape',
      'double-quoted',
      'single-quoted',
      'hash',
      'variable',
      'group',
      'value',
    ),
  },
  joined: { ...scope('punctuation.separator.continuation'), match: '\\\\$\\n?' },
  comment: { ...scope('comment.line.number-sign'), match: '(?:^|(?<=[\\s;{}]))#.*$' },
  escape: { ...scope('constant.character.escape'), match: '\\\\.' },
  'double-quoted': {
    ...scope('string.quoted.double'),
    begin: '"(?=(?:[^"\\\\]|\\\\.)*")',
    end: '"',
    patterns: use('escape', 'hash', 'variable'),
  },
  'single-quoted': {
    ...scope('string.quoted.single'),
    begin: "'(?=[^']*')",
    end: "'",
    patterns: use('hash', 'variable'),
  },
  hash: {
    ...scope('constant.other.hash'),
    match: `(?<![^\\s=;{}"':])\\$(?:1|2[aby]|5|6|y|gy|7)\\$[./0-9A-Za-z$=,]+`,
  },
  variable: { patterns: use('marked-variable', 'plain-variable') },
  'marked-variable': {
    ...scope('variable.other.bracket'),
    match: `(\\$\\[)${variableName}(\\])`,
    captures: { 1: scope('punctuation.definition.variable'), 2: scope('punctuation.definition.variable') },
  },
  'plain-variable': {
    ...scope('variable.other.normal'),
    match: `(\\$)${variableName}`,
    captures: { 1: scope('punctuation.definition.variable') },
  },
  // Braces of text, as in ${A:-b} and x{,.bak}.
  group: {
    begin: '(?<=\\S)\\{',
    end: '\\}',
    patterns: use('escape', 'double-quoted', 'single-quoted', 'variable', 'inner-group'),
  },
  'inner-group': { begin: '\\{', end: '\\}', patterns: use('escape', 'double-quoted', 'single-quoted', 'inner-group') },
  value: { patterns: use('address', 'size', 'number') },
  address: {
    ...scope('constant.numeric.address'),
    match: `${wordStart}(?:${octet}(?:\\.${octet}){3}|(?=[^\\s:]*:[^\\s:]*:)[0-9A-Fa-f.:]+)(?:/${octet})?${wordEnd}`,
  },
  size: { ...scope('constant.numeric.size'), match: `${wordStart}\\d+[KMGTkmgt](?:[Ii]?[Bb])?${wordEnd}` },
  number: { ...scope('constant.numeric.integer'), match: `${wordStart}-?\\d+${wordEnd}` },
  flag: { ...scope('constant.language.boolean'), match: `${wordStart}(?i:yes|on|true|1|no|off|false|0)${wordEnd}` },
  no: { ...scope('constant.language'), match: `${wordStart}(?i:no)${wordEnd}` },
  dhcp: { ...scope('constant.language'), match: `${wordStart}(?i:dhcp)${wordEnd}` },
};
