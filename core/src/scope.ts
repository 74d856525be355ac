import { assignments } from './block-index.js';
import { failure, type Place, type Problems } from './errors.js';
import type { KeywordTable } from './keywords.js';
import { makerOf, type Assignment, type Block } from './tree.js';
import { nearest } from './values.js';
import { MAX_DEPTH, MAX_REPLACED, MAX_VALUE } from './limits.js';
import { hasOpenQuote, openQuote, readText, readWord, type Lookup } from './word.js';

/** What all scopes and views of a project share. */
export interface ReadingContext {
  readonly problems: Problems;
  readonly keywords: KeywordTable;
  /** Variables of `global` that the command line sets. */
  readonly set: ReadonlyMap<string, string>;
  /** Which of them something has asked for. */
  readonly asked: Set<string>;
  /** How many characters variables have come to, in all values that were read. */
  readonly replaced: { length: number };
}

/** What a variable is set to, and where. */
export interface Setting {
  readonly assignment: Assignment | null;
  /** The value, where no assignment gives it. */
  readonly value: string | null;
  /** Who sets it, where no file does: mln, a plug-in, the command line. */
  readonly from: string | null;
}

interface Told {
  readonly place: Place | undefined;
  readonly origin: string | undefined;
}

/** Words as they are meant; not whole where one of their variables is not set, which is told already. */
export interface ReadWords {
  readonly words: readonly string[];
  readonly whole: boolean;
}

/** The variables of a block and of what it inherits, and (outwards) those of the blocks around it; `global` comes last. */
export class Scope {
  readonly #values = new Map<string, string | undefined>();
  /** Variables whose values are being read. */
  readonly #open = new Set<string>();
  #lenient = false;

  constructor(
    private readonly layers: readonly Block[],
    private readonly parent: Scope | null,
    private readonly context: ReadingContext,
    /** Variables that mln itself sets, such as $hostname. */
    private readonly builtin: Readonly<Record<string, string>> = {},
  ) {}

  /** The value of a variable as seen from this block. */
  value(name: string): string | undefined {
    if (this.#values.has(name)) return this.#values.get(name);
    const found = this.setting(name);
    let value = found?.value ?? undefined;
    this.#values.set(name, value);
    if (found?.assignment) {
      if (this.#open.size >= MAX_DEPTH)
        throw failure('MLN_TOO_DEEP', `$${name} is the last of more than ${MAX_DEPTH} variables made of each other`, {
          place: found.assignment.place ?? undefined,
        });
      this.#open.add(name);
      const { words, whole } = this.read(found.assignment.words, found.assignment.place);
      this.#open.delete(name);
      value = whole ? words.join(' ') : undefined;
      this.#values.set(name, value);
    }
    return value;
  }

  /** Finds what sets a variable: looked up outwards, at each block in its own layers first. */
  setting(name: string): Setting | undefined {
    const { set, asked } = this.context;
    if (this.parent === null && set.has(name)) {
      asked.add(name);
      return { assignment: null, value: set.get(name) ?? '', from: '--set' };
    }
    for (const layer of this.layers) {
      const assignment = assignments(layer).get(name);
      if (assignment) return { assignment, value: null, from: makerOf(assignment) };
    }
    if (Object.hasOwn(this.builtin, name)) return { assignment: null, value: this.builtin[name] ?? '', from: 'mln' };
    return this.parent?.setting(name);
  }

  /** The names of all variables that can be used here. */
  names(): string[] {
    return [
      ...this.layers.flatMap((layer) => [...assignments(layer).keys()]),
      ...Object.keys(this.builtin),
      ...(this.parent ? this.parent.names() : this.context.set.keys()),
    ];
  }

  /** The names of the variables that the block itself sets, in their order. */
  ownNames(): string[] {
    const names = this.layers.toReversed().flatMap((layer) => [...assignments(layer).keys()]);
    return [...new Set(names)];
  }

  /** Reads words: quotes off, variables replaced. Leniently, a variable that is not set stays as it is written. */
  read(
    words: readonly string[],
    place: Place | null,
    { lenient = false, origin }: { lenient?: boolean; origin?: string | undefined } = {},
  ): ReadWords {
    let whole = true;
    const told = { place: place ?? undefined, origin };
    const lookup = this.#lookup(told);
    const read = words.map((word) => {
      if (hasOpenQuote(word)) {
        this.context.problems.error('MLN_OPEN_QUOTE', openQuote, told);
        whole = false;
      }
      return readWord(word, lookup, (name) => {
        const circle = this.#open.has(name);
        if ((lenient || this.#lenient) && !circle) return;
        whole = false;
        if (circle) this.context.problems.error('MLN_VARIABLE_CYCLE', `$${name} is made of itself`, told);
        // What is wrong with one that is set has been told where it is set.
        else if (!this.setting(name)) this.#missing(name, told);
      });
    });
    return { words: read, whole };
  }

  /** Reads a text in another language: variables replaced that are set. */
  text(raw: string, told: Told): string {
    const text = readText(raw, this.#lookup(told));
    if (text !== raw) this.#count(text.length, told);
    return text;
  }

  /** Reads the variables that nobody has used: one that is made of itself is told of. What they lack may be set where they are used. */
  checkVariables(): void {
    this.#lenient = true;
    for (const layer of this.layers) for (const name of assignments(layer).keys()) this.value(name);
  }

  /** Looks variables up for one value. A few lines that double each other would fill any memory. */
  #lookup(told: Told): Lookup {
    let length = 0;
    return (name) => {
      const value = this.value(name);
      if (value === undefined) return undefined;
      length += value.length;
      this.#count(value.length, told);
      if (length <= MAX_VALUE) return value;
      throw failure('MLN_TOO_LARGE', `$${name} makes this value longer than ${MAX_VALUE} characters`, {
        ...told,
        hint: 'do its variables multiply each other?',
      });
    };
  }

  #count(length: number, told: Told): void {
    this.context.replaced.length += length;
    if (this.context.replaced.length <= MAX_REPLACED) return;
    throw failure('MLN_TOO_LARGE', 'the variables of this project come to more text than mln reads', {
      ...told,
      hint: 'do they multiply each other, or stand in many hosts?',
    });
  }

  #missing(name: string, told: Told): void {
    const guess = nearest(name, this.names());
    this.context.problems.error('MLN_NO_VARIABLE', `no variable $${name} is set here`, {
      ...told,
      hint: guess === undefined ? howToSet(name) : `did you mean $${guess}?`,
    });
  }
}

function howToSet(name: string): string {
  return `set it with $${name} = VALUE in global, a superclass or the host; write \\$ for a dollar`;
}
