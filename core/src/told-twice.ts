import type { Problems } from './errors.js';
import { placeHint } from './place-text.js';
import type { Item } from './tree.js';

/** Warns of what one block says twice: the last counts. */
export function warnOfTwice(what: string, first: Item, item: Item, problems: Problems): void {
  problems.warning('MLN_TWICE', `${what} is given twice`, {
    place: item.place ?? undefined,
    hint: `the last counts; the other is at ${placeHint(first)}`,
  });
}

/** Tells of two blocks of one name where there can be one. */
export function describedTwice(what: string, first: Item, item: Item, problems: Problems): void {
  problems.error('MLN_TWICE', `${what} is described twice`, {
    place: item.place ?? undefined,
    hint: `the other is at ${placeHint(first)}`,
  });
}
