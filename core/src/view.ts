import type { Place, Problems } from './errors.js';
import { assignments, blocksOf, index } from './block-index.js';
import type { Assignment, Block, Item, Statement } from './tree.js';
import { parseFlag, parseSize } from './values.js';
import { dedent, readText, readWord } from './word.js';

/** One line of a list block. */
export interface Row {
  readonly words: readonly string[];
  readonly place: Place | null;
}

/** What all views of a project share. */
export interface ViewContext {
  readonly problems: Problems;
  /** The view of `global`, where variables are looked up last. */
  global: View | null;
  /** Variables of `global` that the command line sets. */
  readonly set: ReadonlyMap<string, string>;
}

/**
 * A block together with what it inherits. Inheritance and variables are lookups: nothing is copied, and every value
 * still knows the line it stands on. Layers go from the block itself to its farthest superclass.
 */
export class View {
  #variables = new Map<string, string | undefined>();

  constructor(
    readonly layers: readonly Block[],
    private readonly parent: View | null,
    private readonly context: ViewContext,
    /** Variables that mln itself sets, such as $hostname. */
    private readonly builtin: Readonly<Record<string, string>> = {},
  ) {}

  get place(): Place | undefined {
    return this.layers[0]?.place ?? undefined;
  }

  /** Tells of a doubtful value, at the place of its keyword. */
  warning(code: string, message: string, keyword: string, hint?: string): void {
    this.context.problems.warning(code, message, { place: this.placeOf(keyword), hint });
  }

  /** The keywords of all statements and blocks, nearest first. */
  keywords(): Set<string> {
    return new Set(this.layers.flatMap((layer) => [...index(layer).keys()]));
  }

  /** Where a keyword's value stands. */
  placeOf(keyword: string): Place | undefined {
    for (const layer of this.layers) {
      const item = index(layer).get(keyword)?.at(-1);
      if (item) return item.place ?? undefined;
    }
    return this.place;
  }

  has(keyword: string): boolean {
    return this.layers.some((layer) => index(layer).has(keyword));
  }

  /** The words of the nearest statement, variables replaced; null where there is none. */
  words(keyword: string): readonly string[] | null {
    const found = this.#nearest(keyword);
    return found && this.read(found);
  }

  /** A value of one word; several words are joined by blanks. */
  word(keyword: string): string | null {
    const words = this.words(keyword);
    if (!words) return null;
    if (words.length > 0) return words.join(' ');
    this.#bad(keyword, `${keyword} takes a value`);
    return null;
  }

  flag(keyword: string): boolean | null {
    const words = this.words(keyword);
    if (!words) return null;
    const value = words.length === 0 ? true : words.length === 1 ? parseFlag(words[0] ?? '') : undefined;
    if (value === undefined) this.#bad(keyword, `${keyword} is yes or no, not ${words.join(' ')}`);
    return value ?? null;
  }

  number(keyword: string): number | null {
    const word = this.word(keyword);
    if (word === null) return null;
    if (/^-?\d{1,15}$/.test(word)) return Number(word);
    this.#bad(keyword, `${keyword} is a whole number, not ${word}`);
    return null;
  }

  /** A size in bytes; false where `no` takes an inherited one away. */
  size(keyword: string, bare?: number): number | false | null {
    const word = this.word(keyword);
    if (word === null) return null;
    if (/^no$/i.test(word)) return false;
    const bytes = parseSize(word, bare);
    if (typeof bytes === 'number') return bytes;
    this.#bad(keyword, `${keyword} ${word}: ${bytes}`);
    return null;
  }

  choice(keyword: string, choices: readonly string[]): string | null {
    const word = this.word(keyword);
    if (word === null || choices.includes(word)) return word;
    this.#bad(keyword, `${keyword} is ${choices.join(', ')}, not ${word}`);
    return null;
  }

  /** The rows of a list block, inherited ones first; of two rows with one key the nearest counts, in the place of the first. */
  list(keyword: string, key = 0): readonly Row[] {
    const rows = new Map<string, Row>();
    for (const layer of [...this.layers].reverse())
      for (const block of blocksOf(layer, keyword)) {
        const [first] = block.items;
        const reset = first?.kind === 'statement' && first.keyword === 'reset' && first.words.length === 0;
        if (reset) rows.clear();
        for (const item of reset ? block.items.slice(1) : block.items) {
          const words = this.#row(item);
          if (words) rows.set(words[key] ?? words.join(' '), { words, place: item.place });
        }
      }
    return [...rows.values()];
  }

  /** The text of a block in another language, inherited text first; null where there is none. */
  text(keyword: string): string | null {
    let parts: string[] = [];
    for (const layer of [...this.layers].reverse())
      for (const block of blocksOf(layer, keyword)) {
        let text = readText(dedent(block.raw), (name) => this.variable(name));
        if (/^reset[ \t]*(\n|$)/.test(text)) [parts, text] = [[], text.replace(/^.*\n?/, '')];
        parts.push(text);
      }
    return parts.length === 0 ? null : parts.filter((part) => part !== '').join('\n');
  }

  /** The blocks of one keyword, by their names: `network eth0 { … }`, each joined with what it inherits. */
  named(keyword: string): ReadonlyMap<string, View> {
    const layersOf = new Map<string, Block[]>();
    for (const layer of [...this.layers].reverse())
      for (const block of blocksOf(layer, keyword)) {
        const name = this.readWords(block.words, block.place).join(' ');
        layersOf.set(name, [block, ...(layersOf.get(name) ?? [])]);
      }
    return new Map([...layersOf].map(([name, layers]) => [name, new View(layers, this, this.context)]));
  }

  /** The value of a variable as seen from this block. */
  variable(name: string): string | undefined {
    if (this.#variables.has(name)) return this.#variables.get(name);
    const found = this.#assignment(name);
    this.#variables.set(name, undefined);
    const value =
      found?.value ??
      (found?.assignment ? this.readWords(found.assignment.words, found.assignment.place, name).join(' ') : undefined);
    this.#variables.set(name, value);
    return value;
  }

  /** Reads a statement's words: quotes off, variables replaced. */
  read(statement: Statement): readonly string[] {
    return this.readWords(statement.words, statement.place);
  }

  readWords(words: readonly string[], place: Place | null, within?: string): readonly string[] {
    return words.map((word) => {
      if (/^(?!"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*')["']/.test(word))
        this.context.problems.error('MLN_OPEN_QUOTE', `the quote of ${word} is not closed on its line`, {
          place: place ?? undefined,
        });
      return readWord(
        word,
        (name) => this.variable(name),
        (name) => {
          this.#missing(name, place, within);
        },
      );
    });
  }

  /** Looked up outwards, and lastly in global; at each block its own layers first. */
  #assignment(name: string): { assignment?: Assignment; value?: string } | undefined {
    for (const view of this.#outwards()) {
      if (view === this.context.global && this.context.set.has(name))
        return { value: this.context.set.get(name) ?? '' };
      for (const layer of view.layers) {
        const assignment = assignments(layer).get(name);
        if (assignment) return { assignment };
      }
      if (Object.hasOwn(view.builtin, name)) return { value: view.builtin[name] ?? '' };
    }
    return undefined;
  }

  *#outwards(): Iterable<View> {
    let passedGlobal = false;
    yield this;
    for (let view = this.parent; view; view = view.parent) {
      passedGlobal ||= view === this.context.global;
      yield view;
    }
    if (!passedGlobal && this.context.global && this.context.global !== this) yield this.context.global;
  }

  #missing(name: string, place: Place | null, within?: string): void {
    if (within !== undefined && this.#assignment(name)) {
      this.context.problems.error('MLN_VARIABLE_CYCLE', `$${name} is made of itself`, { place: place ?? undefined });
      return;
    }
    this.context.problems.error('MLN_NO_VARIABLE', `no variable $${name} is set here`, {
      place: place ?? undefined,
      hint: 'write \\$ for a dollar',
    });
  }

  #nearest(keyword: string): Statement | null {
    for (const layer of this.layers) {
      const found = index(layer)
        .get(keyword)
        ?.findLast((item) => item.kind === 'statement');
      if (found) return found;
    }
    return null;
  }

  #row(item: Item): readonly string[] | null {
    if (item.kind === 'statement') return [...this.readWords([item.keyword], item.place), ...this.read(item)];
    if (item.kind !== 'block') return null;
    const inner = item.items.flatMap((each) => this.#row(each) ?? []);
    return [...this.readWords([item.keyword, ...item.words], item.place), ...inner];
  }

  #bad(keyword: string, message: string): void {
    this.context.problems.error('MLN_BAD_VALUE', message, { place: this.placeOf(keyword) });
  }
}
