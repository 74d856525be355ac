import { codes, type CoreCode } from './codes.js';
import type { Keyword, KeywordTable, Kind } from './keywords.js';
import { nearest } from './values.js';

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
