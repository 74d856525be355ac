import { blockKind, type Keyword, type KeywordTable, type Kind } from '@mln/core';
import { describe, severalLines, valueSchema, valueSchemas, type Schema, type SchemaObject } from './schema-values.js';
import { blocksOf, placesOf, type Tables } from './tables.js';

/*
 * Projects in JSON and YAML, as @mln/plugin-formats reads them: a key is what begins a statement or block, its value what
 * follows. A schema without `type` or with several judges values of one type by `properties`, those of another by
 * `items` or `pattern`: what is wrong is then told at its own place, and not as "matches none of three schemas". It is
 * stricter than mln in what is hardly meant: several values where the last one counts, a text that is written as an
 * object, `false` for a word.
 */

/** The schema of a project, docs/mln.schema.json. */
export function projectSchema({ keywords }: Tables): Schema {
  const blocks = placesOf(keywords).flatMap((place) => [
    ...(place === 'project' ? [] : [[place, block(place)]]),
    [`${place}-members`, members(place, keywords)],
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A project of mln',
    description:
      'Keywords and blocks as in a project file, in JSON or YAML. Unknown keywords are left alone: mln warns of them.',
    ...content('project', ['object', 'array']),
    $defs: { ...valueSchemas, ...(Object.fromEntries(blocks) as object) },
  };
}

/** What a block holds: an object, or a list of objects and whole statements where keys stand several times. */
function content(place: string, type: readonly string[]): SchemaObject {
  const own = { $ref: `#/$defs/${place}-members` };
  return { type, ...own, items: { type: ['object', 'string', 'number'], ...own } };
}

/** The value of a block's key: its content, or its text on several lines; a list is the same block several times. */
function block(place: string): Schema {
  const own = { $ref: `#/$defs/${place}-members`, pattern: severalLines };
  return {
    type: ['object', 'array', 'string', 'null'],
    ...own,
    items: { ...content(place, ['object', 'array', 'string']), pattern: severalLines },
  };
}

/** The keys of an object that is the content of a block. */
function members(place: string, keywords: KeywordTable): Schema {
  const declared = keywords.of(place);
  const names = declared.map(({ name }) => name);
  const values = declared.filter((keyword): keyword is Value => keyword.kind !== 'block');
  const ownBlocks = declared.filter(({ kind }) => kind === 'block');
  const misplaced = [...new Set(blocksOf(keywords).map(({ name }) => name))].filter((name) => !names.includes(name));
  return {
    properties: {
      ...Object.fromEntries(values.map((keyword) => [keyword.name, valueSchema(keyword)])),
      ...Object.fromEntries(ownBlocks.map((keyword) => [keyword.name, withoutName(keyword)])),
      '#include': {
        description: 'Another file, relative to this one, in its place.',
        type: ['string', 'array'],
        items: { type: 'string' },
      },
    },
    patternProperties: {
      '^\\$[A-Za-z_][A-Za-z0-9_]*$': { type: ['string', 'number', 'boolean', 'null'], pattern: '^[^\\n]*$' },
      ...Object.fromEntries(ownBlocks.map((keyword) => [`^${keyword.name}[ \\t]`, reference(keyword)])),
      // A key may hold words of its statement, but no block stands behind a value.
      ...when(names.length > ownBlocks.length, {
        [`^(?:${values.map(({ name }) => name).join('|')})[ \\t]`]: { type: ['string', 'number', 'boolean', 'null'] },
      }),
      ...when(misplaced.length > 0, { [`^(?:${misplaced.join('|')})(?:[ \\t]|$)`]: false }),
    },
  };
}

type Value = Keyword & { readonly kind: Exclude<Kind, 'block'> };

function reference(keyword: Keyword): SchemaObject {
  return { description: describe(keyword), $ref: `#/$defs/${blockKind(keyword.name)}` };
}

/** A block that needs a name, without one: the blocks of one kind by their names, as in `"host": { "a": { … } }`. */
function withoutName(keyword: Keyword): Schema {
  if (keyword.named !== true) return reference(keyword);
  const byName = { patternProperties: { '^[^$#]': reference(keyword) } };
  return { description: describe(keyword), type: ['object', 'array'], ...byName, items: { type: 'object', ...byName } };
}

function when(condition: boolean, schema: Record<string, Schema>): Record<string, Schema> {
  return condition ? schema : {};
}
