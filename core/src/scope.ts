import { assignments } from './block-index.js';
import type { Place, Problems } from './errors.js';
import type { KeywordTable } from './keywords.js';
import { makerOf, type Assignment, type Block } from './tree.js';
import { nearest } from './values.js';
import { readWord } from './word.js';

/** What all scopes and views of a project share. */
export interface ReadingContext {
  readonly problems: Problems;
  readonly keywords: KeywordTable;
  /** Variables of `global` that the command line sets. */
  readonly set: ReadonlyMap<string, string>;
  /** Which of them something has asked for. */
  readonly asked: Set<string>;
}

/** What a variable is set to, and where. */
export interface Setting {
  readonly assignment: Assignment | null;
  /** The value, where no assignment gives it. */
  readonly value: string | null;
  /** Who sets it, where no file does: mln, a plug-in, the command line. */
  readonly from: string | null;
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
    const read = words.map((word) => {
      if (/^(?!"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*')["']/.test(word)) {
        this.context.problems.error('MLN_OPEN_QUOTE', `the quote of ${word} is not closed on its line`, told);
        whole = false;
      }
      return readWord(
        word,
        (name) => this.value(name),
        (name) => {
          const circle = this.#open.has(name);
          if ((lenient || this.#lenient) && !circle) return;
          whole = false;
          if (circle) this.context.problems.error('MLN_VARIABLE_CYCLE', `$${name} is made of itself`, told);
          // What is wrong with one that is set has been told where it is set.
          else if (!this.setting(name)) this.#missing(name, told);
        },
      );
    });
    return { words: read, whole };
  }

  /** Reads the variables that nobody has used: one that is made of itself is told of. What they lack may be set where they are used. */
  checkVariables(): void {
    this.#lenient = true;
    for (const layer of this.layers) for (const name of assignments(layer).keys()) this.value(name);
  }

  #missing(name: string, told: { place: Place | undefined; origin: string | undefined }): void {
    const guess = nearest(name, this.names());
    this.context.problems.error('MLN_NO_VARIABLE', `no variable $${name} is set here`, {
      ...told,
      hint: guess === undefined ? 'write \\$ for a dollar' : `did you mean $${guess}?`,
    });
  }
}
