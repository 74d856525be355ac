import type { Keyword, Kind } from '@mln/core';
import { exampleValue } from './tables.js';

/** A JSON Schema, or a part of one. */
export type Schema = boolean | SchemaObject;
export type SchemaObject = Readonly<Record<string, unknown>>;

/** Words with variables, quotes or escapes: what they come to is not for a schema to say. */
const open = '[$"\'\\\\]';
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = `${octet}(?:\\.${octet}){3}(?:/(?:3[0-2]|[12]?\\d))?`;
const ipv6 = '[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*(?:/\\d{1,3})?';
const address = { type: 'string', pattern: `^(?:${anyCase('dhcp')}|${ipv4}|${ipv6})$|${open}` };

/** A block or list as a text: a YAML block scalar ends with a newline. */
export const severalLines = '\\n';

/** How the values of each kind are written in JSON and YAML; blocks are made elsewhere. */
export const valueSchemas: Readonly<Record<Exclude<Kind, 'block'>, Schema>> = {
  flag: {
    type: ['boolean', 'string', 'integer', 'null'],
    pattern: `^(?:${['yes', 'on', 'true', 'no', 'off', 'false'].map(anyCase).join('|')}|[01])?$|${open}`,
    minimum: 0,
    maximum: 1,
  },
  word: { type: ['string', 'number'], pattern: '^[ \\t]*\\S[^\\n]*$' },
  number: { type: ['integer', 'string'], pattern: `^-?\\d{1,15}$|${open}` },
  size: {
    type: ['string', 'integer', 'boolean'],
    pattern: `^(?:0*[1-9]\\d*(?:[KMGTkmgt](?:[Ii]?[Bb])?)?|${anyCase('no')})$|${open}`,
    minimum: 1,
    not: { const: true },
  },
  address: { ...address, type: ['string', 'array'], items: address },
  list: { type: ['object', 'array', 'string'], pattern: severalLines, items: { type: ['string', 'number', 'object'] } },
  text: { type: ['string', 'array'], items: { type: 'string' } },
};

/** What a keyword of a project in JSON or YAML may be given. */
export function valueSchema(keyword: Keyword & { readonly kind: Exclude<Kind, 'block'> }): Schema {
  const { kind, choices, least, most } = keyword;
  const value = choices
    ? { type: 'string', anyOf: [{ enum: choices }, { pattern: open }] }
    : { $ref: `#/$defs/${kind}` };
  return {
    description: describe(keyword),
    ...value,
    ...(least === undefined ? {} : { minimum: least }),
    ...(most === undefined ? {} : { maximum: most }),
    ...(keyword.default === undefined
      ? {}
      : { default: kind === 'number' ? Number(keyword.default) : keyword.default }),
    ...(keyword.sameAs === undefined ? {} : { deprecated: true }),
    ...examples(keyword),
  };
}

/** What an editor shows of a keyword. */
export function describe({ help, syntax }: Keyword): string {
  return syntax === undefined ? help : `${help} A row: ${syntax}.`;
}

function examples(keyword: Keyword): { examples?: unknown[] } {
  const value = exampleValue(keyword);
  if (keyword.kind === 'flag') return { examples: [true] };
  if (value === undefined) return {};
  return { examples: [keyword.kind === 'list' ? value.split('; ') : value] };
}

/** A word in any case. */
function anyCase(word: string): string {
  return word.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}
