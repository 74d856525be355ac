import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Place } from './errors.js';
import type { Mln } from './kernel.js';
import { MAX_FILE } from './limits.js';
import { secretRows, secretsOf } from './secret-rows.js';
import { secretSpans, type SecretRows, type SecretSpans } from './secret-spans.js';
import { hidden } from './secrets.js';

/** A line of a project file as it may be shown, and where its column has come to. */
export interface SourceLine {
  readonly text: string;
  readonly column: number;
}

/** Gives the line of a place; null where there is none to show. */
export type SourceLines = (place: Place) => SourceLine | null;

/** Gives lines of project files with their secrets hidden. Each file is read once, and those that it includes: they know which variables are secret. */
export function createSourceLines(mln: Pick<Mln, 'keywords' | 'hooks'>): SourceLines {
  const sources = new Sources(mln);
  return (place) => sources.line(place);
}

interface Source {
  readonly text: string;
  readonly lines: readonly string[];
  /** Where each line begins. */
  readonly starts: readonly number[];
  /** From which word on its rows are secret, where it is included in a list. */
  readonly rows: number;
  found: SecretSpans;
}

class Sources {
  readonly #files = new Map<string, Source | null>();
  /** The variables that secrets are made of. */
  readonly #variables = new Set<string>();
  readonly #rowsOf: SecretRows;

  constructor(private readonly mln: Pick<Mln, 'keywords' | 'hooks'>) {
    this.#rowsOf = secretRows(mln.keywords);
  }

  line(place: Place): SourceLine | null {
    const { file, line, column } = place;
    this.#add(rootOf(place).file);
    this.#add(file);
    const source = this.#files.get(file);
    const text = source?.lines[line - 1];
    if (!source || text === undefined || text.length > 200 || this.#isForeign(source, file)) return null;
    return masked(text, column, source.starts[line - 1] ?? 0, source.found.spans);
  }

  /** Adds a file and those that it includes, and goes through all of them again until no more variables become secret. */
  #add(file: string): void {
    if (this.#files.has(file)) return;
    this.#read(file, Infinity);
    for (let known = -1; known < this.#variables.size;) {
      known = this.#variables.size;
      for (const source of this.#files.values()) if (source) source.found = this.#scan(source.text, source.rows);
    }
  }

  #read(file: string, rows: number): void {
    const known = this.#files.get(file);
    if (known === null || (known && known.rows <= rows)) return;
    const text = known?.text ?? readable(file);
    if (text === null) {
      this.#files.set(file, null);
      return;
    }
    const found = this.#scan(text, rows);
    const lines = text.split('\n');
    this.#files.set(file, { text, lines, starts: startsOf(lines), rows, found });
    for (const { path, rows: inside } of found.includes) this.#read(resolve(dirname(file), path), inside);
  }

  #scan(text: string, rows: number): SecretSpans {
    return secretSpans(text, rows, this.#rowsOf, this.#variables);
  }

  /** Whether a plug-in reads a file in a language of its own, and it may hold secrets: nobody knows where. */
  #isForeign({ text }: Source, file: string): boolean {
    const names = [...secretsOf(this.mln.keywords).keys()];
    if (file.endsWith('.mln') || (this.#variables.size === 0 && !names.some((name) => text.includes(name))))
      return false;
    try {
      return this.mln.hooks.parse.call(text, file)?.text !== undefined;
    } catch {
      return true;
    }
  }
}

/** A line with `(secret)` in the place of its secret words. */
function masked(line: string, column: number, start: number, spans: SecretSpans['spans']): SourceLine {
  let [text, from, shown] = ['', 0, column];
  for (let index = firstBehind(spans, start); index < spans.length; index += 1) {
    const [begin, end] = spans[index] ?? [0, 0];
    if (begin >= start + line.length) break;
    const [first, last] = [Math.max(begin - start, from), Math.min(end - start, line.length)];
    if (first >= last) continue;
    text += line.slice(from, first);
    if (column > last) shown += hidden.length - (last - first);
    else if (column > first) shown = text.length + 1;
    text += hidden;
    from = last;
  }
  return { text: text + line.slice(from), column: shown };
}

/** The first span that ends behind an offset; they stand in their order. */
function firstBehind(spans: SecretSpans['spans'], offset: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.[1] ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function startsOf(lines: readonly string[]): number[] {
  let start = 0;
  return lines.map((line) => (start += line.length + 1) - line.length - 1);
}

function rootOf(place: Place): Place {
  return place.includedFrom ? rootOf(place.includedFrom) : place;
}

/** The text of a file; null where there is none, or more than a project file may hold. */
function readable(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
    return text.length > MAX_FILE ? null : text;
  } catch {
    return null;
  }
}
