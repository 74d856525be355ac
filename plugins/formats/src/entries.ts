import type { KeywordTable, Place, Problems } from '@mln/core';

/** What a file is read with: what it says depends on its keywords, and what is wrong with it has a place in it. */
export interface Reading {
  readonly keywords: KeywordTable;
  readonly problems: Problems;
  readonly places: (at: number) => Place;
}

/** One item of a project as all formats give it: pieces of the mln language, with their places. */
export type Entry = Placed & (Line | Text | Group | Included);

interface Placed {
  readonly place: Place;
}

/** A whole statement or assignment. */
export interface Line {
  readonly kind: 'line';
  readonly text: string;
}

/** A block by what stands between its braces, or between `<<WORD` and WORD. */
export interface Text {
  readonly kind: 'text';
  readonly head: string;
  readonly text: string;
}

/** A block by its entries. */
export interface Group {
  readonly kind: 'group';
  readonly head: string;
  readonly entries: readonly Entry[];
}

/** `#include PATH`. */
export interface Included {
  readonly kind: 'include';
  readonly path: string;
}

/** A head and what follows it, as a statement or assignment. */
export function line(head: string, rest: string, place: Place): Entry {
  const text = variable.test(head) ? `${head}=${rest}` : [head, rest].filter((part) => part !== '').join(' ');
  return { kind: 'line', text, place };
}

/** A head that is the beginning of a fence, `keyword <<WORD`. */
export const fence = /^(.*\S)[ \t]<<([A-Za-z_]\w*)$/s;

/** A key or name that is a variable, `$name`. */
export const variable = /^\$[A-Za-z_][A-Za-z0-9_]*$/;
