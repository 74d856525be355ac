import { failure } from '../errors.js';

/** What begins the next assignment; any other comma belongs to a value. */
const next = /,(?=\$?[A-Za-z_][A-Za-z0-9_]*=)/;

/** Reads what `--set` was given, each time `name=value,name=value`. */
export function readAssignments(texts: readonly string[]): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const part of texts.flatMap((text) => text.split(next))) {
    const [, name, value = ''] = /^\$?([A-Za-z_][A-Za-z0-9_]*)=([^\0-\x1f\x7f]*)$/.exec(part) ?? [];
    if (name === undefined)
      throw failure('MLN_USAGE', `--set takes name=value on one line, not ${JSON.stringify(part)}`);
    if (set.has(name)) throw failure('MLN_USAGE', `--set gives ${name} twice`);
    set.set(name, value);
  }
  return set;
}
