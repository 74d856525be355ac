import { failure, Problems, type Place } from '@mln/core';
import { fence, type Entry, type Text } from './entries.js';
import { maxBytes } from './limits.js';
import { freeWord, type Pieces } from './pieces.js';

/** A project in the mln language, and the place that each of its lines has in its own file. */
export interface Translated {
  readonly text: string;
  readonly lines: readonly Place[];
}

const hint = 'quote words that hold ; # { } or quotes';

/** Writes entries in the mln language. Throws an MlnError with all that is no piece of it. */
export function translate(entries: readonly Entry[], file: string, pieces: Pieces, problems: Problems): Translated {
  const written: string[] = [];
  const lines: Place[] = [];
  let size = 0;

  const write = (text: string, place: Place): void => {
    size += text.length + 1;
    if (size > maxBytes)
      throw failure('MLN_BAD_FILE', `${file} comes to more than 4 MiB in the mln language`, { place });
    for (const line of text.split('\n')) {
      written.push(line);
      lines.push(place);
    }
  };

  const head = (text: string, place: Place): string => {
    if (text !== '' && !pieces.isHead(text))
      problems.error('MLN_BAD_VALUE', 'this is no keyword with words', { place, hint });
    return text === '' ? '' : `${text} `;
  };

  const textBlock = ({ head: before, text }: Text, place: Place, indent: string): void => {
    const [, fenced = before, end = freeWord(text)] = fence.exec(before) ?? [];
    if (fenced === before && pieces.between(text)) {
      write(`${indent}${head(before, place)}{\n${text}\n${indent}}`, place);
    } else if (pieces.isFenced(fenced, text, end)) {
      write(`${indent}${fenced} <<${end}\n${text}\n${end}`, place);
    } else
      problems.error('MLN_BAD_VALUE', 'this text cannot be read: its braces or quotes do not match', {
        place,
        hint: 'only a keyword without a name can hold such a text',
      });
  };

  const one = (entry: Entry, indent: string): void => {
    const { place } = entry;
    switch (entry.kind) {
      case 'line':
        if (!pieces.isStatement(entry.text))
          problems.error('MLN_BAD_VALUE', 'this is not one statement of the language', { place, hint });
        else write(`${indent}${entry.text}`, place);
        break;
      case 'include':
        write(`${indent}#include ${quotedPath(entry.path, place, problems)}`, place);
        break;
      case 'text':
        textBlock(entry, place, indent);
        break;
      case 'group':
        if (entry.entries.length === 0) {
          write(`${indent}${head(entry.head, place)}{ }`, place);
          break;
        }
        write(`${indent}${head(entry.head, place)}{`, place);
        for (const each of entry.entries) one(each, `${indent}  `);
        write(`${indent}}`, place);
    }
  };

  for (const entry of entries) one(entry, '');
  problems.throwErrors();
  return { text: [...written, ''].join('\n'), lines };
}

function quotedPath(path: string, place: Place, problems: Problems): string {
  if (path === '' || /[\n\0]|".*'|'.*"/.test(path))
    problems.error('MLN_BAD_INCLUDE', '#include takes one path', { place });
  return path.includes('"') ? `'${path}'` : `"${path}"`;
}
