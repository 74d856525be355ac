import { index, textOf, type BlockIndex } from './block-index.js';
import type { Place } from './errors.js';
import type { Keyword } from './keywords.js';
import { readRows, type Row } from './list-rows.js';
import { Scope, type ReadingContext, type ReadWords } from './scope.js';
import { shadowsIn } from './shadowed.js';
import { describedTwice } from './told-twice.js';
import { makerOf, type Block, type Item, type Statement } from './tree.js';
import { parseFlag, parseSize } from './values.js';
import { isPlain } from './word.js';

/** A statement or block that has a say in a value, and the layer of its view that it stands in. */
export interface Found<I extends Item = Item> {
  readonly item: I;
  readonly layer: number;
}

/** How a block is looked at. */
export interface ViewOf {
  /** The block itself, then its superclasses, nearest first. */
  readonly layers: readonly Block[];
  readonly scope: Scope;
  /** What the keyword table calls the block, such as host; null: nobody declares it. */
  readonly kind: string | null;
  /** Says how a layer was inherited; undefined for the block itself. */
  readonly inherited?: (layer: number) => string | undefined;
}

/**
 * A block together with what it inherits. Inheritance and variables are lookups: nothing is copied, and every value
 * still knows the line it stands on. Layers go from the block itself to its farthest superclass.
 */
export class View {
  readonly layers: readonly Block[];
  readonly scope: Scope;
  readonly kind: string | null;
  readonly #indexes: readonly BlockIndex[];
  readonly #named = new Map<string, ReadonlyMap<string, View>>();
  readonly #inherited: (layer: number) => string | undefined;

  constructor(
    { layers, scope, kind, inherited = () => undefined }: ViewOf,
    private readonly context: ReadingContext,
  ) {
    this.layers = layers;
    this.#indexes = layers.map(index);
    this.scope = scope;
    this.kind = kind;
    this.#inherited = inherited;
  }

  get place(): Place | undefined {
    return this.layers.find((layer) => layer.place)?.place ?? undefined;
  }

  /** Tells of a doubtful value, at the place of its keyword. */
  warning(code: string, message: string, keyword: string | Found, hint?: string): void {
    this.context.problems.warning(code, message, { ...this.#told(keyword), hint });
  }

  /** Tells of a wrong value, at the place of its keyword. */
  error(code: string, message: string, keyword: string | Found, hint?: string): void {
    this.context.problems.error(code, message, { ...this.#told(keyword), hint });
  }

  /** The keywords of all statements and blocks, nearest first. */
  keywords(): Set<string> {
    return new Set(this.#indexes.flatMap((each) => [...each.keys()]));
  }

  /** Where a keyword's value stands. */
  placeOf(keyword: string | Found): Place | undefined {
    return this.#told(keyword).place;
  }

  has(keyword: string): boolean {
    return this.#indexes.some((each) => each.has(keyword));
  }

  /** The words of the nearest statement, variables replaced; null where there is none, or none that can be read. */
  words(keyword: string): readonly string[] | null {
    const found = this.statement(keyword);
    return found && this.read(found);
  }

  /** A value of one word; several words are joined by blanks. */
  word(keyword: string): string | null {
    const words = this.words(keyword);
    if (!words) return null;
    if (words.length > 0) return words.join(' ');
    return this.#bad(keyword, `${keyword} takes a value`);
  }

  flag(keyword: string): boolean | null {
    const words = this.words(keyword);
    if (!words) return null;
    const value = words.length === 0 ? true : words.length === 1 ? parseFlag(words[0] ?? '') : undefined;
    return value ?? this.#bad(keyword, `${keyword} is yes or no, not ${words.join(' ')}`);
  }

  /** A whole number, within the bounds that its keyword is declared with. */
  number(keyword: string): number | null {
    const word = this.word(keyword);
    if (word === null) return null;
    if (!/^-?\d{1,15}$/.test(word)) return this.#bad(keyword, `${keyword} is a whole number, not ${word}`);
    const { least = -Infinity, most = Infinity } = this.#declared(keyword) ?? {};
    const value = Number(word);
    if (value < least) return this.#bad(keyword, `${keyword} is at least ${least}, not ${word}`);
    return value > most ? this.#bad(keyword, `${keyword} is at most ${most}, not ${word}`) : value;
  }

  /** A size in bytes; false where `no` takes an inherited one away. */
  size(keyword: string, bare?: number): number | false | null {
    const word = this.word(keyword);
    if (word === null) return null;
    if (/^no$/i.test(word)) return false;
    const bytes = parseSize(word, bare);
    return typeof bytes === 'number' ? bytes : this.#bad(keyword, `${keyword} ${word}: ${bytes}`);
  }

  choice(keyword: string, choices: readonly string[]): string | null {
    const word = this.word(keyword);
    if (word === null || choices.includes(word)) return word;
    return this.#bad(keyword, `${keyword} is ${choices.join(', ')}, not ${word}`);
  }

  /** The rows of a list block, inherited ones first. */
  list(keyword: string, key = 0): readonly Row[] {
    const list = { name: keyword, key, declared: this.#declared(keyword) };
    return readRows(this, this.#blocks(keyword), list, this.context.problems);
  }

  /** The text of a block in another language, inherited text first; null where there is none. */
  text(keyword: string): string | null {
    const blocks = this.#blocks(keyword);
    if (blocks.length === 0) return null;
    const first = Math.max(
      0,
      blocks.findLastIndex(({ item }) => textOf(item).isReset),
    );
    const parts = blocks.slice(first).map((found) => {
      this.#warnOfShadows(found);
      return this.scope.text(textOf(found.item).text, this.#told(found));
    });
    return parts.filter((part) => part !== '').join('\n');
  }

  /** The blocks of one keyword, by their names: `network eth0 { … }`, each joined with what it inherits. */
  named(keyword: string): ReadonlyMap<string, View> {
    const known = this.#named.get(keyword) ?? this.#readNamed(keyword);
    this.#named.set(keyword, known);
    return known;
  }

  #readNamed(keyword: string): ReadonlyMap<string, View> {
    const found = new Map<string, { layers: Block[]; from: number[] }>();
    const declared = this.#declared(keyword);
    for (const { item: block, layer } of this.#blocks(keyword)) {
      const { words, whole } = this.#read(block.words, block, layer);
      if (!whole) continue;
      const name = words.join(' ');
      const known = found.get(name) ?? { layers: [], from: [] };
      const [before] = known.layers;
      if (before && known.from[0] === layer && declared?.named === true)
        describedTwice(`${keyword} ${name}`, before, block, this.context.problems);
      known.layers.unshift(block);
      known.from.unshift(layer);
      found.set(name, known);
    }
    const kind = declared?.kind === 'block' ? keyword : null;
    return new Map(
      [...found].map(([name, { layers, from }]) => {
        const scope = new Scope(layers, this.scope, this.context);
        const inherited = (layer: number): string | undefined => this.#inherited(from[layer] ?? 0);
        return [name, new View({ layers, scope, kind, inherited }, this.context)];
      }),
    );
  }

  /** The value of a variable as seen from this block. */
  variable(name: string): string | undefined {
    return this.scope.value(name);
  }

  /** The nearest statement of a keyword. */
  statement(keyword: string): Found<Statement> | null {
    for (let layer = 0; layer < this.#indexes.length; layer += 1) {
      const item = this.#indexes[layer]?.get(keyword)?.findLast((each) => each.kind === 'statement');
      if (item) return { item, layer };
    }
    return null;
  }

  /** Reads a statement's words: quotes off, variables replaced; null where one of them cannot be read. */
  read({ item, layer }: Found<Statement>): readonly string[] | null {
    if (item.words.length === 0) return item.words;
    const { words, whole } = this.#read(item.words, item, layer, item.keyword);
    return whole ? words : null;
  }

  /** Reads a row of a list; null for what is none. */
  row(item: Item, layer: number): readonly string[] | null {
    if (item.kind !== 'statement' && item.kind !== 'block') return null;
    const { words, whole } = this.#read([item.keyword, ...item.words], item, layer);
    if (!whole) return null;
    return item.kind === 'statement' ? words : [...words, ...item.items.flatMap((each) => this.row(each, layer) ?? [])];
  }

  /** How an item came into this block: by which superclasses, plug-in or option; undefined where it simply stands there. */
  originOf({ item, layer }: Found): string | undefined {
    const [maker, through] = [makerOf(item), this.#inherited(layer)];
    return maker !== null && through !== undefined ? `${maker}, ${through}` : (maker ?? through);
  }

  /** All blocks of a keyword, the farthest superclass's first. */
  #blocks(keyword: string): Found<Block>[] {
    const found: Found<Block>[] = [];
    for (let layer = this.#indexes.length - 1; layer >= 0; layer -= 1)
      for (const item of this.#indexes[layer]?.get(keyword) ?? [])
        if (item.kind === 'block') found.push({ item, layer });
    return found;
  }

  /** The item of a keyword that errors point at. */
  #last(keyword: string): Found | null {
    const layer = this.#indexes.findIndex((each) => each.has(keyword));
    const item = this.#indexes[layer]?.get(keyword)?.at(-1);
    return item ? { item, layer } : null;
  }

  #declared(keyword: string): Keyword | undefined {
    return this.kind === null ? undefined : this.context.keywords.find(this.kind, keyword);
  }

  #read(words: readonly string[], item: Item, layer: number, keyword?: string): ReadWords {
    if (words.every(isPlain)) return { words, whole: true };
    const lenient = this.kind === null || (keyword !== undefined && this.#declared(keyword) === undefined);
    const { place, origin } = this.#told({ item, layer });
    return this.scope.read(words, place ?? null, { lenient, origin });
  }

  #told(keyword: string | Found): { place: Place | undefined; origin: string | undefined } {
    const found = typeof keyword === 'string' ? this.#last(keyword) : keyword;
    if (!found) return { place: this.place, origin: undefined };
    const place = found.item.place ?? this.layers[found.layer]?.place ?? this.place;
    return { place: place ?? undefined, origin: this.originOf(found) };
  }

  #warnOfShadows({ item, layer }: Found<Block>): void {
    for (const shadow of shadowsIn(item, (name) => this.scope.setting(name) !== undefined))
      this.warning('MLN_SHADOWED', shadow.message, { item: shadow.line, layer }, shadow.hint);
  }

  #bad(keyword: string, message: string): null {
    this.error('MLN_BAD_VALUE', message, keyword);
    return null;
  }
}
