import { failure, type Place } from '@mln/core';

/*
 * The syntax of xl.cfg(5) as the lexer of libxlu reads it (tools/libs/util/libxlu_cfg_l.l of Xen 4.17): a string stands
 * between quotes, on one line; `\` takes the next character, and `\n` is a newline. Nothing else is special in it.
 */

/** Writes a text as a string of xl.cfg(5). */
export function xlString(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

/** Writes a list of strings, one a line. */
export function xlList(texts: readonly string[]): string {
  return texts.length === 0 ? '[]' : `[\n${texts.map((text) => `  ${xlString(text)},\n`).join('')}]`;
}

/**
 * One value of a specification such as that of a card, whose parts are divided by commas: xl(1) knows no way to write
 * one with a comma or a newline in it, or with blanks around it.
 */
export function xlPart(
  key: string,
  value: string,
  where: { readonly what: string; readonly place: Place | null; readonly secret?: boolean },
): string {
  if (/[,\n]|^\s|\s$/.test(value))
    throw failure(
      'MLN_UNSUPPORTED',
      `${where.what} cannot be ${where.secret === true ? 'that' : JSON.stringify(value)}`,
      {
        place: where.place ?? undefined,
        hint: 'xl takes no comma, no newline, and no blank at either end there',
      },
    );
  return `${key}=${value}`;
}
