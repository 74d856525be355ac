/** Projects that are made to use up time or memory: each with the code of its first error, or null where it is a project. */
export type Attack = readonly [what: string, make: () => string, code: string | null];

const named = 'global { project p }\n';
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join('');
const inGlobal = (text: string, rest = ''): string => `global { project p\n${text} }\n${rest}`;
const startup = (text: string): string => `${named}host a { startup { ${text} } }`;
const word = (text: string): string => `${named}host a { owner ${text} }`;

export const attacks: readonly Attack[] = [
  [
    'variables that double',
    () => inGlobal(`$a0 = ha\n${many(40, (at) => `$a${at + 1} = $a${at}$a${at}\n`)}`, 'host a { owner $a40 }'),
    'MLN_TOO_LARGE',
  ],
  [
    'a text of long variables',
    () => inGlobal(`$x = "${'x'.repeat(100_000)}"`, `host a { startup { ${'$x '.repeat(5000)} } }`),
    'MLN_TOO_LARGE',
  ],
  [
    '5,000 variables made of each other',
    () =>
      inGlobal(
        many(5000, (at) => `$a${at + 1} = $a${at}\n`),
        'host a { owner $a5000 }',
      ),
    'MLN_TOO_DEEP',
  ],
  [
    '2,000 superclasses of each other',
    () => `${named}superclass s0 { }\n${many(2000, (at) => `superclass s${at + 1} { superclass s${at} }\n`)}`,
    'MLN_TOO_DEEP',
  ],
  ['1,000 blocks in each other', () => named + 'a {\n'.repeat(1000), 'MLN_TOO_DEEP'],
  ['50,000 open braces', () => named + 'x{'.repeat(50_000), 'MLN_TOO_DEEP'],
  ['20,000 stray braces', () => named + '}'.repeat(20_000), 'MLN_STRAY_BRACE'],
  ['5,000 blocks without a name on a line', () => named + '{}'.repeat(5000), null],
  [
    '3,000 addresses of one interface',
    () =>
      `${named}host a { network eth0 { switch s; ${many(3000, (at) => `address 10.0.${at >> 8}.${at & 255}\n`)} } }\nswitch s { }`,
    'MLN_BAD_ADDRESS',
  ],
  [
    '400 switches that are not there',
    () => named + many(400, (at) => `switch abcd${at} { }\nhost h${at} { network eth0 { switch abce${at} } }\n`),
    'MLN_NO_SWITCH',
  ],
  [
    '400 superclasses that are not there',
    () => named + many(400, (at) => `superclass abcd${at} { }\nhost h${at} { superclass abce${at} }\n`),
    'MLN_NO_SUPERCLASS',
  ],
  [
    '400 variables that are not set',
    () =>
      inGlobal(
        many(400, (at) => `$abcd${at} = 1\n`),
        `host a { users { ${many(400, (at) => `u${at} $abce${at}\n`)} } }`,
      ),
    'MLN_NO_VARIABLE',
  ],
  [
    'two variables of 100,000 letters that are nearly one',
    () => inGlobal(`$${'a'.repeat(100_000)}b = 1`, `host a { owner $${'a'.repeat(100_000)}c }`),
    'MLN_NO_VARIABLE',
  ],
  ['5,000 unknown keywords', () => `${named}host a { ${many(5000, (at) => `mamory${at}\n`)} }`, null],
  ['2,000 switches', () => named + many(2000, (at) => `switch s${at} {\n}\n`), null],
  ['5,000 switches of one name', () => named + 'switch s { }\n'.repeat(5000), 'MLN_TWICE'],
  ['100,000 blanks before a word', () => startup(`${' '.repeat(100_000)}x\n${' '.repeat(100_000)}x`), null],
  ['200,000 blank lines', () => startup(`${'\n'.repeat(200_000)}x`), null],
  ['a comment of 100,000 blanks', () => `${named}#${' '.repeat(100_000)}x\nhost a { } #${' '.repeat(100_000)}x`, null],
  ['50,000 joined lines', () => word(`x${'\\\n'.repeat(50_000)}`), null],
  ['200,000 quotes', () => word(`x${'"'.repeat(200_000)}`), null],
  ['200,000 apostrophes', () => word("x'".repeat(200_000)), null],
  ['200,000 backslashes', () => word('\\'.repeat(200_000)), null],
  ['200,000 dollars', () => word('$['.repeat(200_000)), null],
  ['200,000 dollars in a text', () => startup('$['.repeat(200_000)), null],
  ['5,000 heredocs in a text', () => startup(`\n${'x <<E\nE\n'.repeat(5000)}`), null],
  ['5,000 fences', () => named + 'a <<E\nb\nE\n'.repeat(5000), null],
  ['5,000 fences without an end', () => named + many(5000, (at) => `a <<E${at}\n`), 'MLN_OPEN_TEXT'],
  ['130,000 lines in one block', () => `${named}host a { startup {\n${'x\n'.repeat(130_000)}} }`, null],
  ['5,000 no-break spaces', () => named + 'switch\u00a0s { }\n'.repeat(5000), 'MLN_TWICE'],
  [
    '1,000 autoenum blocks of 2,000 hosts',
    () =>
      inGlobal(
        many(1000, (at) => `autoenum { superclass s; numhosts 2000; hostprefix h${at}x }\n`),
        'superclass s { }',
      ),
    'MLN_TOO_LARGE',
  ],
];
