import type { Keyword, KeywordTable, Kind } from '@mln/core';

/** What the pages are made of: the tables of the core, with what the loaded plug-ins declare. */
export interface Tables {
  readonly keywords: KeywordTable;
  /** Of each error code: how the command ends, and what the code means. */
  readonly codes: Readonly<Record<string, readonly [exit: number, meaning: string]>>;
  readonly advice: Readonly<Record<string, string>>;
  /** What a keyword of each kind takes, and how it is inherited. */
  readonly kinds: Readonly<Record<Kind, readonly [takes: string, inherited: string]>>;
  /** What people call a block. */
  readonly titleOf: (place: string) => string;
  /** What is to be known of a keyword where it stands. */
  readonly factsOf: (
    keyword: Keyword,
    place: string,
    keywords: KeywordTable,
  ) => readonly (readonly [label: string, value: string])[];
}

/** What stands below the title of each page that is made. */
export const madeBy = 'Made by `npm run docs` from the tables that mln itself reads by; change those, not this page.';

const usual = ['project', 'global', 'host', 'network', 'switch'];

/** The blocks that keywords stand in, in the order in which one meets them; those of plug-ins come last. */
export function placesOf(keywords: KeywordTable): readonly string[] {
  return [...usual, ...keywords.places().filter((place) => !usual.includes(place))];
}

/** All keywords that are blocks. */
export function blocksOf(keywords: KeywordTable): readonly Keyword[] {
  return keywords.places().flatMap((place) => keywords.of(place).filter(({ kind }) => kind === 'block'));
}

/** What stands behind the keyword in its example, and (blocks) between the braces. */
export function exampleValue({ name, example }: Keyword): string | undefined {
  const rest = example?.slice(name.length).trim();
  return rest === '' ? undefined : (/^\{ (.*) \}$/.exec(rest ?? '')?.[1] ?? rest);
}
