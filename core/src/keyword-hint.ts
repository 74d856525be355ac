import type { Keyword, KeywordTable } from './keywords.js';
import type { Block, Statement } from './tree.js';
import { nearest } from './values.js';

/** Tells whether a keyword stands with a block. */
export function takesBlock({ kind }: Keyword): boolean {
  return kind === 'block' || kind === 'list' || kind === 'text';
}

/** A hint for what is not declared in a block: how a variable is set, the block that it belongs into, or what may be meant. */
export function keywordHint(keywords: KeywordTable, place: string, item: Block | Statement): string | undefined {
  const { keyword: name } = item;
  if (item.kind === 'statement') {
    const variable = variableHint(item);
    if (variable !== undefined) return variable;
    if (place === 'network' && /^dhcp$/i.test(name)) return 'write address dhcp';
  }
  const places = keywords.places().toSorted((one, other) => rankOf(one) - rankOf(other));
  const fits = (keyword: Keyword | undefined): boolean =>
    keyword !== undefined && takesBlock(keyword) === (item.kind === 'block');
  const declared = places.filter((other) => other !== place && keywords.find(other, name));
  const elsewhere = declared.find((other) => fits(keywords.find(other, name))) ?? declared[0];
  if (elsewhere !== undefined) return `${name} ${belongs(elsewhere, place)}`;
  const guess = nearest(name, namesOf(keywords.of(place)));
  if (guess !== undefined) return `did you mean ${guess}?`;
  for (const other of places) {
    const known = nearest(name, namesOf(keywords.of(other).filter(fits)));
    if (known !== undefined) return `did you mean ${known}, which ${belongs(other, place)}?`;
  }
  return undefined;
}

/** Statements that look as if they set a variable. */
function variableHint({ keyword, words: [second] }: Statement): string | undefined {
  const [, sign, name = ''] = /^(\$?)([^=]*)/.exec(keyword) ?? [];
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    if (sign === '$' || keyword.includes('=') || second?.startsWith('='))
      return `write $${name} = VALUE to set a variable`;
  } else if (sign === '$')
    return 'the name of a variable begins with a letter or _, and has only letters, digits and _';
  return undefined;
}

/** The blocks that are meant most likely; those of plug-ins come last. */
const usual = ['project', 'host', 'network', 'switch', 'global'];

function rankOf(place: string): number {
  const rank = usual.indexOf(place);
  return rank < 0 ? usual.length : rank;
}

function namesOf(keywords: readonly Keyword[]): readonly string[] {
  return keywords.map(({ name }) => name);
}

function belongs(place: string, outside: string): string {
  return place === 'project' ? `belongs at the top, outside ${outside}` : `belongs into ${place}`;
}
