import { codes, type CoreCode } from './codes.js';
import type { Keyword, KeywordTable, Kind } from './keywords.js';
import { usualCost } from './upgrade/cost.js';
import type { UpgradeClass } from './upgrade/items.js';
import { MiB, nearest } from './values.js';

/** What is known of an error code or of a keyword. */
export type Explanation =
  | { readonly code: string; readonly meaning: string; readonly exit: number; readonly advice: string | null }
  | { readonly keyword: Keyword; readonly place: string };

/** What a keyword of each kind takes, and how it is inherited. */
export const kinds: Readonly<Record<Kind, readonly [takes: string, inherited: string]>> = {
  flag: ['nothing, or yes or no', 'the nearest wins; no takes an inherited one away'],
  word: ['a value', 'the nearest wins'],
  number: ['a whole number', 'the nearest wins'],
  size: ['a size, such as 64M or 5GB', 'the nearest wins; no takes an inherited one away'],
  address: [
    'an address with or without prefix, or dhcp; several statements are several addresses',
    'the nearest block wins',
  ],
  list: ['a block of rows', 'joined by key, the nearest row wins; reset as its first line starts afresh'],
  text: ['a block in another language', 'joined whole, inherited text first; reset as its first line starts afresh'],
  block: ['a block', 'joined by the same rules'],
};

/** Explains a code (with or without MLN_), or a keyword (`memory`, `host.memory`); empty where neither is known. */
export async function explanationsOf(word: string, keywords: KeywordTable): Promise<readonly Explanation[]> {
  const code = codeOf(word);
  if (code !== null) {
    const { advice } = await import('./advice.js');
    return [{ code, meaning: codes[code][1], exit: codes[code][0], advice: advice[code] ?? null }];
  }
  const dot = word.lastIndexOf('.');
  const [place, name] = dot < 0 ? [null, word] : [word.slice(0, dot), word.slice(dot + 1)];
  return keywords.places().flatMap((each) => {
    const keyword = place === null || place === each ? keywords.find(each, name) : undefined;
    return keyword ? [{ keyword, place: each }] : [];
  });
}

/** The code or keyword that a misspelt one is nearest to. */
export function nearestExplained(word: string, keywords: KeywordTable): string | undefined {
  const names = keywords.places().flatMap((place) => keywords.of(place).map(({ name }) => name));
  return nearest(word, names) ?? nearest(word.toUpperCase(), Object.keys(codes));
}

function codeOf(word: string): CoreCode | null {
  const upper = word.toUpperCase();
  const code = upper.startsWith('MLN_') ? upper : `MLN_${upper}`;
  // A keyword in small letters is no code.
  return Object.hasOwn(codes, code) && (upper === word || upper.startsWith('MLN_')) ? (code as CoreCode) : null;
}

/** What is to be known of a keyword where it stands, in the order in which one asks; code is in backquotes. */
export function factsOf(keyword: Keyword, place: string, keywords: KeywordTable): readonly Fact[] {
  const { name, kind, syntax, plugin = '', sameAs } = keyword;
  const others = keywords.of(place).filter((each) => each.sameAs === name);
  const facts: readonly (readonly [label: string, value: string | undefined])[] = [
    ['kind', kind],
    ['takes', taken(keyword)],
    ['rows', syntax && code(syntax)],
    ['without a unit', kind === 'size' ? `it counts ${keyword.bare === MiB ? 'MiB' : 'bytes'}` : undefined],
    ['default', keyword.default && code(keyword.default)],
    ['inherited', place === 'host' || place === 'network' ? kinds[kind][1] : undefined],
    ['another name of', sameAs && code(sameAs)],
    ['also written', others.length > 0 ? others.map((each) => code(each.name)).join(', ') : undefined],
    ['stands in', keyword.in.map(titleOf).join('; ')],
    ['printed', printed(keyword)],
    ['in a rehearsal', rehearsal(keyword)],
    ['in an upgrade', upgrade(keyword, place)],
    ['from', plugin === 'core' ? 'the core' : `the plug-in ${plugin}`],
  ];
  return facts.flatMap(([label, value]): Fact[] => (value === undefined ? [] : [[label, value]]));
}
type Fact = readonly [label: string, value: string];

/** What people call a block that keywords stand in. */
export function titleOf(place: string): string {
  return { project: 'the top of a project', host: 'host and superclass' }[place] ?? place;
}

function taken({ kind, choices, named, least, most }: Keyword): string {
  if (choices) return `one of ${choices.map(code).join(', ')}`;
  return [
    `${kinds[kind][0]}${named === undefined ? '' : named === true ? ' with a name' : ', with or without a name'}`,
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ].join('; ');
}

function printed({ secret }: Keyword): string | undefined {
  if (secret === undefined) return undefined;
  return secret === true ? 'as `(secret)`' : `with \`(secret)\` for word ${secret + 1} of a row`;
}

function rehearsal({ rehearsal: value }: Keyword): string | undefined {
  return value === undefined ? undefined : value === null ? 'left out' : `always \`${value}\``;
}

/** What becomes of a guest, or of a switch, when the keyword changes. */
function upgrade(keyword: Keyword, place: string): string | undefined {
  const cost = usualCost(keyword, place);
  return cost === null ? undefined : upgrades[place === 'switch' && cost === 'restart' ? 'switch' : cost];
}

const upgrades: Readonly<Partial<Record<UpgradeClass | 'switch', string>>> = {
  live: 'counts from the next start',
  restart: 'the host restarts',
  switch: 'the switch restarts, with the hosts that are connected to it',
  edit: 'the host is down while its disk is edited',
  resize: 'the host is down while its disk is resized',
  move: 'the host is down while its disk goes to another server',
  rebuild: 'the disk is made anew, where `--rebuild` agrees to it',
};

function code(text: string): string {
  return `\`${text}\``;
}
