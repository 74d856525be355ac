import type { Block, Item } from '@mln/core';
import { variable } from './entries.js';
import { freeWord } from './pieces.js';
import { declared, inside, top, type Where } from './where.js';
import { textOf, writeHead, writeStatement, writeAssignment, type Printing } from './written.js';

/** What JSON and YAML print; `true` follows a head that is the whole statement. */
export type Data = string | true | { readonly list: readonly Data[] } | { readonly map: ReadonlyMap<string, Data> };

/** One item: a value and its key, or (no key) a whole statement. */
interface Member {
  readonly key: string | null;
  readonly value: Data;
}

/** Items as the data that reads as these items: a map, or a list of maps where keys stand several times. */
export function toData(items: readonly Item[], printing: Printing, where: Where = top): Data {
  const rows: (string | Map<string, Data[]>)[] = [];
  const isList = (key: string): boolean => declared(printing.keywords, where, key)?.kind === 'list';
  let last: string | null = null;
  for (const item of items) {
    const { key, value } = member(item, where, printing);
    const row = rows.at(-1);
    if (key === null) rows.push(typeof value === 'string' ? value : '');
    else if (row instanceof Map && !row.has(key)) row.set(key, [value]);
    else if (row instanceof Map && last === key && !isList(key)) row.get(key)?.push(value);
    else rows.push(new Map([[key, [value]]]));
    last = key;
  }
  const maps = rows.map((row): Data => {
    if (typeof row === 'string') return row;
    return { map: new Map([...row].map(([key, values]) => [key, underKey(values, isList(key))])) };
  });
  const [only = { map: new Map() }] = maps;
  return maps.length <= 1 && typeof only !== 'string' ? only : { list: maps };
}

/** The values of one key: a list is the same head several times, and so the list of a block's content is in another. */
function underKey(values: readonly Data[], isList: boolean): Data {
  const [first = true] = values;
  const isContent = typeof first === 'object' && 'list' in first;
  return values.length === 1 && (isList || !isContent) ? first : { list: values };
}

function member(item: Item, where: Where, printing: Printing): Member {
  switch (item.kind) {
    case 'include':
      return { key: '#include', value: item.path };
    case 'assignment': {
      const { whole, rest } = writeAssignment(item, printing);
      return whole.includes('\n') ? { key: whole, value: true } : { key: `$${item.name}`, value: rest };
    }
    case 'statement': {
      const { whole, first, rest } = writeStatement(item, printing);
      if (whole === first) return variable.test(first) ? { key: null, value: whole } : { key: whole, value: true };
      const isText = declared(printing.keywords, where, first)?.kind === 'text';
      if (isText || variable.test(first) || whole.includes('\n')) return { key: whole, value: true };
      return { key: first, value: rest };
    }
    case 'block':
      return blockMember(item, where, printing);
  }
}

function blockMember(block: Block, where: Where, printing: Printing): Member {
  const key = writeHead(block);
  const kind = declared(printing.keywords, where, key)?.kind;
  const text = textOf(block, where, printing);
  if (text !== undefined) {
    if (kind === 'text') return { key, value: text };
    if (block.fenced) return { key: `${key} <<${freeWord(text)}`, value: text };
    return { key, value: text.includes('\n') ? text : `${text}\n` };
  }
  const { items } = block;
  const rows = items.flatMap((item) =>
    item.kind === 'statement' && item.words.length === 0 ? [writeStatement(item, printing).whole] : [],
  );
  if (kind === 'list' && rows.length > 0 && rows.length === items.length) return { key, value: { list: rows } };
  return { key, value: toData(items, printing, inside(printing.keywords, where, key)) };
}
