import type { Keyword } from '@mln/core';
import { madeBy, placesOf, type Tables } from './tables.js';

/** The reference of all keywords, docs/keywords.md: a chapter for each block. */
export function keywordsPage(tables: Tables): string {
  const chapters = placesOf(tables.keywords).flatMap((place) => chapter(place, tables));
  return `${[...introduction(tables), ...chapters].join('\n')}\n`;
}

function introduction({ kinds, keywords, titleOf }: Tables): string[] {
  const contents = placesOf(keywords).map((place) => {
    const names = keywords.of(place).map(({ name }) => `\`${name}\``);
    return `* [${titleOf(place)}](#${anchor(titleOf(place))}): ${names.join(' ')}`;
  });
  return [
    '# Keywords',
    '',
    madeBy,
    '`mln explain KEYWORD` and `mln explain BLOCK.KEYWORD` tell the same on the command line. Any block may also hold',
    'variables (`$name = value`) and `#include FILE`.',
    '',
    ...contents,
    '',
    'How a value is written, and how values of superclasses join, depends on the keyword’s kind:',
    '',
    ...table(
      ['kind', 'takes', 'inherited'],
      Object.entries(kinds).map(([kind, [takes, inherited]]) => [kind, takes, inherited]),
    ),
  ];
}

function chapter(place: string, tables: Tables): string[] {
  const keywords = tables.keywords.of(place);
  return ['', `## ${tables.titleOf(place)}`, ...keywords.flatMap((keyword) => section(keyword, place, tables))];
}

function section(keyword: Keyword, place: string, { keywords, factsOf }: Tables): string[] {
  const { name, help, example } = keyword;
  return [
    '',
    `### ${name}`,
    '',
    help,
    ...(example === undefined ? [] : ['', '```', example, '```']),
    '',
    ...factsOf(keyword, place, keywords).map(([label, value]) => `* ${label}: ${value}`),
  ];
}

function anchor(text: string): string {
  return text.toLowerCase().replaceAll(' ', '-');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
