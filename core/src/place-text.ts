import { relative } from 'node:path';
import type { Place } from './errors.js';

/** file:line:column, the file as it is seen from the working folder. */
export function placeText({ file, line, column }: Place): string {
  const near = relative(process.cwd(), file);
  return `${near === '' || near.startsWith('../../') ? file : near}:${line}:${column}`;
}

/** The place of what stands elsewhere, for a hint. */
export function placeHint({ place }: { readonly place: Place | null | undefined }): string {
  return place ? placeText(place) : 'no file';
}
