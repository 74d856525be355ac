import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from './errors.js';

/**
 * The line of a plug-in that an error comes from: the innermost frame of its stack that lies in the plug-in's own files.
 * The source is the plug-in's file, or the package.json of its package.
 */
export function placeIn(error: unknown, source: string): Place | undefined {
  if (!(error instanceof Error) || error.stack === undefined || !isAbsolute(source)) return undefined;
  const frames = error.stack.split('\n').flatMap(placeOf);
  const [file, folder] = whereIs(source);
  const inside = `node_modules${sep}`;
  return (
    frames.find((frame) => frame.file === file) ??
    frames.find((frame) => frame.file.startsWith(folder) && !frame.file.slice(folder.length).includes(inside))
  );
}

function whereIs(source: string): [file: string, folder: string] {
  try {
    const file = realpathSync(source);
    return [file, `${dirname(file)}${sep}`];
  } catch {
    return [source, `${dirname(source)}${sep}`];
  }
}

/** Reads `at name (file:///path:line:column)` as V8 writes it. */
function placeOf(line: string): Place[] {
  const [, where = '', row, column] =
    /^\s+at (?:.*\()?((?:file:\/\/)?\/.*?)(?:\?[^:)]*)?:(\d+):(\d+)\)?$/.exec(line) ?? [];
  if (where === '') return [];
  const file = where.startsWith('file://') ? fileURLToPath(where) : where;
  return [{ file, line: Number(row), column: Number(column) }];
}
