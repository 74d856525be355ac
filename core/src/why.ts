import { textOf } from './block-index.js';
import type { Place } from './errors.js';
import type { Keyword, KeywordTable } from './keywords.js';
import { resetsList } from './list-rows.js';
import { unitsOf } from './project.js';
import type { ReadProject } from './read-project.js';
import { hidden, secretWords, withoutWords } from './secrets.js';
import type { Block, Item } from './tree.js';
import { bareAddress } from './unknown.js';
import type { Found, View } from './view.js';

/** One line that has a say in a value. */
export interface Say {
  /** As it is written. */
  readonly text: string;
  readonly place: Place | null;
  /** How it came here: a superclass, a plug-in, an option; null where the block itself says it. */
  readonly origin: string | null;
  /** Whether it counts: of a value the nearest, of lists and texts all. */
  readonly counts: boolean;
  /** The variables that it is made of. */
  readonly variables: readonly VariableSay[];
}

export interface VariableSay {
  readonly name: string;
  readonly value: string;
  readonly place: Place | null;
  readonly origin: string | null;
}

export interface Reason {
  /** What was asked for, such as `gw network eth0 address`. */
  readonly path: readonly string[];
  /** Nearest first. */
  readonly says: readonly Say[];
  /** The default that counts where nothing is said. */
  readonly default: string | null;
}

/** Finds what set a value: all lines with a say, nearest first. Null where the project knows no such host, block or keyword. */
export function reasonOf(read: ReadProject, keywords: KeywordTable, path: string): Reason | null {
  const host = [...read.views.keys()]
    .filter((name) => path === name || path.startsWith(`${name}.`))
    .sort(longestFirst)[0];
  const view = host === undefined ? undefined : read.views.get(host);
  if (host === undefined || !view) return null;
  const keyword = path.slice(host.length + 1);
  if (keyword === 'hypervisor') return claimOf(read, host);
  const found = descend(view, keywords, keyword);
  return found && withoutSecretValues({ ...found, path: [host, ...found.path] }, read, keywords);
}

/** Hides variables that hold a secret of any host. */
function withoutSecretValues(reason: Reason, { views }: ReadProject, keywords: KeywordTable): Reason {
  if (reason.says.every(({ variables }) => variables.length === 0)) return reason;
  const secrets = secretWords(views.values(), keywords);
  const says = reason.says.map((each) => ({
    ...each,
    variables: each.variables.map((variable) => ({ ...variable, value: withoutWords(variable.value, secrets) })),
  }));
  return { ...reason, says };
}

/** Who runs a unit is no keyword: a plug-in has claimed it. */
function claimOf({ project }: ReadProject, name: string): Reason {
  const claimer = unitsOf(project).find((unit) => unit.name === name)?.hypervisor ?? null;
  const text = `runs on ${claimer ?? 'nothing'}`;
  return {
    path: [name, 'hypervisor'],
    says: [{ text, place: null, origin: `plug-in ${claimer ?? ''}`, counts: true, variables: [] }],
    default: null,
  };
}

function longestFirst(one: string, other: string): number {
  return other.length - one.length;
}

/** Follows `network.eth0.address`, or for short `eth0.address`, into blocks; the last word is a keyword, or the key of a list. */
function descend(view: View, keywords: KeywordTable, rest: string): Reason | null {
  if (view.kind === null) return null;
  const blocks = keywords.of(view.kind).filter(({ kind }) => kind === 'block');
  for (const { name } of blocks)
    for (const [block, inner] of view.named(name)) {
      const short = rest.startsWith(`${name}.`) ? rest.slice(name.length + 1) : rest;
      if (!short.startsWith(`${block}.`)) continue;
      const found = descend(inner, keywords, short.slice(block.length + 1));
      return found && { ...found, path: [name, block, ...found.path] };
    }
  const list = keywords.of(view.kind).find(({ kind, name }) => kind === 'list' && rest.startsWith(`${name}.`));
  if (list) return reasonOfRow(view, keywords, list.name, rest.slice(list.name.length + 1));
  return keywords.find(view.kind, rest) || view.has(rest) ? reasonOfKeyword(view, keywords, rest) : null;
}

function reasonOfKeyword(view: View, keywords: KeywordTable, name: string): Reason {
  const keyword = keywords.find(view.kind ?? '', name);
  const joined = keyword === undefined || ['list', 'text', 'block'].includes(keyword.kind);
  const spellings = keywords.of(view.kind ?? '').filter((each) => baseOf(each) === (keyword && baseOf(keyword)));
  const names = new Set([name, ...spellings.map((each) => each.name)]);
  const found = foundIn(view, (item) => isOf(item, names, view));
  const nearest = found[0]?.layer;
  const several = keyword?.kind === 'address';
  const last = lastThatCounts(found, keyword);
  const counts = ({ layer }: Found, index: number): boolean => {
    if (joined) return index <= last;
    return several ? layer === nearest : index === 0;
  };
  const says = found.map((each, index) => say(view, each, counts(each, index), keyword?.secret !== undefined));
  return { path: [name], says, default: keyword?.default ?? null };
}

/** The items of a view, nearest first. */
function foundIn(view: View, isWanted: (item: Item) => boolean): Found[] {
  return view.layers.flatMap((layer, index) =>
    layer.items
      .filter(isWanted)
      .toReversed()
      .map((item) => ({ item, layer: index })),
  );
}

/** The index of the nearest list or text that starts afresh: what stands before it does not count. */
function lastThatCounts(found: readonly Found[], keyword: Keyword | undefined): number {
  const isReset = (block: Block): boolean => {
    if (keyword?.kind === 'text') return textOf(block).isReset;
    return keyword?.kind === 'list' && resetsList(block);
  };
  const last = found.findIndex(({ item }) => item.kind === 'block' && isReset(item));
  return last < 0 ? Infinity : last;
}

/** The keyword that a spelling stands for. */
function baseOf({ name, sameAs }: Keyword): string {
  return sameAs ?? name;
}

function isOf(item: Item, names: ReadonlySet<string>, view: View): boolean {
  if (item.kind !== 'statement' && item.kind !== 'block') return false;
  return names.has(item.keyword) || (names.has('address') && bareAddress(item, view.kind ?? ''));
}

function reasonOfRow(view: View, keywords: KeywordTable, name: string, key: string): Reason | null {
  const keyword = keywords.find(view.kind ?? '', name);
  const blocks = foundIn(view, (item) => item.kind === 'block' && item.keyword === name);
  const last = lastThatCounts(blocks, keyword);
  const found = blocks.flatMap(({ item: block, layer }, index) => {
    const items = block.kind === 'block' ? block.items : [];
    const rows = items.filter((item) => view.row(item, layer)?.[keyword?.key ?? 0] === key);
    return rows.toReversed().map((item) => ({ item, layer, counts: index <= last }));
  });
  if (found.length === 0) return null;
  const says = found.map((each, index) => say(view, each, index === 0 && each.counts, keyword?.secret !== undefined));
  return { path: [name, key], says, default: null };
}

function say(view: View, found: Found, counts: boolean, secret: boolean): Say {
  const { item } = found;
  return {
    text: secret ? `${'keyword' in item ? item.keyword : ''} ${hidden}` : written(item),
    place: item.place ?? view.layers[found.layer]?.place ?? null,
    origin: view.originOf(found) ?? null,
    counts,
    variables: secret ? [] : variablesOf(view, item),
  };
}

function written(item: Item): string {
  if (item.kind === 'statement') return [item.keyword, ...item.words].join(' ');
  return item.kind === 'block' ? `${[item.keyword, ...item.words].join(' ')} { … }` : '';
}

function variablesOf(view: View, item: Item): VariableSay[] {
  const text = item.kind === 'statement' ? item.words.join(' ') : item.kind === 'block' ? item.raw : '';
  const names = [...text.matchAll(/(?<!\\)\$(?:\[([A-Za-z_]\w*)\]|([A-Za-z_]\w*))/g)].map(
    ([, marked, plain]) => marked ?? plain ?? '',
  );
  return [...new Set(names)].flatMap((name) => {
    const setting = view.scope.setting(name);
    if (!setting) return [];
    const { assignment, from } = setting;
    return { name, value: view.variable(name) ?? '', place: assignment?.place ?? null, origin: from };
  });
}
