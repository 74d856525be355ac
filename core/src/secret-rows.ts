import type { KeywordTable } from './keywords.js';
import type { SecretRows } from './secret-spans.js';
import { nearest } from './values.js';

/** What the table says is secret; a keyword that nobody declares is taken for the one that it is nearest to. */
export function secretRows(table: KeywordTable): SecretRows {
  const secrets = secretsOf(table);
  const declared = new Set(table.places().flatMap((place) => table.of(place).map(({ name }) => name)));
  const guesses = new Map<string, number>();
  return (keyword) => {
    const known = secrets.get(keyword) ?? guesses.get(keyword);
    if (known !== undefined) return known;
    const meant = declared.has(keyword) ? undefined : nearest(keyword, secrets.keys());
    const rows = secrets.get(meant ?? '') ?? Infinity;
    guesses.set(keyword, rows);
    return rows;
  };
}

/** The secret keywords, and from which word on the rows of their lists are. */
export function secretsOf(table: KeywordTable): ReadonlyMap<string, number> {
  const all = table.places().flatMap((place) => table.of(place));
  return new Map(
    all.flatMap(({ name, secret }) => (secret === undefined ? [] : [[name, secret === true ? 0 : secret] as const])),
  );
}
