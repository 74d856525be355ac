import { faultsOf } from '../columns.js';
import type { Keyword, KeywordTable } from '../keywords.js';
import type { Host, Project, Value } from '../project.js';

/** What is wrong with the values of a project’s keywords, by what the plug-ins of this server say of them. */
export function keywordFaults(table: KeywordTable, { hosts, switches }: Project): readonly string[] {
  const faults = [
    ...hosts.flatMap((host) => [
      ...valueFaults(table, 'host', host.name, host.keywords),
      ...host.interfaces.flatMap(({ name, keywords = {} }) =>
        valueFaults(table, 'network', `${host.name}: ${name}`, keywords),
      ),
      ...listFaults(table, host),
      ...textFaults(table, host),
    ]),
    ...switches.flatMap(({ name, keywords }) => valueFaults(table, 'switch', name, keywords)),
  ];
  return [...new Set(faults)];
}

function valueFaults(
  table: KeywordTable,
  place: string,
  unit: string,
  values: Readonly<Record<string, Value>>,
): readonly string[] {
  return Object.entries(values).flatMap(([name, value]): string[] => {
    const keyword = table.find(place, name);
    if (!keyword) return isNote(table, place, name) && typeof value === 'string' ? [] : [unknown(name, unit)];
    const must = faultOf(keyword, value);
    return must === null ? [] : [`${unit}: ${name} ${must}`];
  });
}

/** A plug-in may note down what it has chosen, under a name that begins with a keyword of its own: lvm_thin_pool. */
function isNote(table: KeywordTable, place: string, name: string): boolean {
  const owner = /^([^_]+)_/.exec(name)?.[1];
  return owner !== undefined && table.find(place, owner)?.kind === 'flag';
}

function unknown(name: string, unit: string): string {
  return `${unit}: no plug-in of this server knows ${name}`;
}

/** What a value must be and is not; null where it is right. */
function faultOf({ kind, choices, least, most, columns }: Keyword, value: Value): string | null {
  switch (kind) {
    case 'flag':
      return typeof value === 'boolean' ? null : 'is yes or no';
    case 'number':
    case 'size': {
      const from = least ?? (kind === 'size' ? 0 : -Infinity);
      const isWithin = typeof value === 'number' && value >= from && value <= (most ?? Infinity);
      return isWithin ? null : `is a number from ${least ?? 0}${most === undefined ? ' on' : ` to ${most}`}`;
    }
    case 'word':
    case 'address':
      if (typeof value !== 'string') return 'is a word';
      return choices && !choices.includes(value) ? `is one of ${choices.join(', ')}` : null;
    default:
      return columns ? 'is a list' : `is a ${kind}`;
  }
}

function listFaults(table: KeywordTable, { name, lists }: Host): readonly string[] {
  return Object.entries(lists).flatMap(([list, rows]) => {
    const keyword = table.find('host', list);
    if (!keyword) return [unknown(list, name)];
    if (keyword.kind !== 'list') return [`${name}: ${list} is no list`];
    const { columns, secret } = keyword;
    return columns
      ? rows.flatMap(({ words }) =>
          faultsOf(list, words, columns, secret === true ? 0 : secret).map((fault) => `${name}: ${fault}`),
        )
      : [];
  });
}

function textFaults(table: KeywordTable, { name, text }: Host): readonly string[] {
  return Object.keys(text).flatMap((each) => {
    const keyword = table.find('host', each);
    if (!keyword) return [unknown(each, name)];
    return keyword.kind === 'text' ? [] : [`${name}: ${each} is no text`];
  });
}
