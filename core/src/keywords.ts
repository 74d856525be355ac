import { syntaxOf, type Column } from './columns.js';
import { failure } from './errors.js';
import { broughtBy, clash } from './plugin-clash.js';

/**
 * What a keyword's value is, and so how inherited values join: of a flag, word, number, size or address the nearest
 * wins; lists are joined by their key; texts one after the other; blocks by these same rules.
 */
export type Kind = (typeof kinds)[number];

const kinds = ['flag', 'word', 'number', 'size', 'address', 'list', 'text', 'block'] as const;

/**
 * How a value touches the physical host: it names a file or a device there (`path`; a bare word is a program), is handed to
 * it as it is (`raw`), or names what stands below a folder there, as interfaces do below /sys/class/net; names that match
 * `except` are those that mln chooses itself. Of lists it is the first word of a row.
 */
export type HostUse = 'path' | 'raw' | { readonly below: string; readonly except?: string };

/** A keyword of the language. All checks, `mln explain` and the reference page are made from this table. */
export interface Keyword {
  readonly name: string;
  /** The blocks it may stand in: project, global, host, network, switch, or a plug-in's own block. */
  readonly in: readonly string[];
  readonly kind: Kind;
  /** One sentence. */
  readonly help: string;
  /** Lists: the words of a row, in their order; what does not fit them is told where the list is read. */
  readonly columns?: readonly Column[];
  /** Lists: how a row is written, such as `name [hash [home [uid]]]`; made of the columns where it is not given. */
  readonly syntax?: string;
  /** Texts: the language that they are in, where an editor may know it. */
  readonly language?: 'shell';
  /** One line of a project file. */
  readonly example?: string;
  /** Who declares it; the kernel fills it in. */
  readonly plugin?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Numbers: the bounds, both inclusive. */
  readonly least?: number;
  readonly most?: number;
  /** Sizes: how many bytes a number without a unit counts. */
  readonly bare?: number;
  /** Lists: which word of a row is its key, counted from 0. */
  readonly key?: number;
  /** The value is never printed: all words, or (lists) this word of a row, counted from 0. */
  readonly secret?: true | number;
  /** Another spelling of this keyword. */
  readonly sameAs?: string;
  /** Blocks: it stands with a name, `network eth0 { … }`, or may have one. */
  readonly named?: true | 'optional';
  /** Whoever builds on a server of others needs to be allowed what it names there; left out: it touches guests alone. */
  readonly host?: HostUse;
  /** Flags: what `--rehearse` sets it to. Other values: null leaves them out. */
  readonly rehearsal?: 'yes' | 'no' | null;
  /**
   * What a change of it costs a guest that runs. `live`: it runs on, and finds the change at its next start; `restart`: it is
   * stopped and started; left out: its disk is edited in between, too.
   */
  readonly upgrade?: 'live' | 'restart';
}

export interface KeywordTable {
  /** Declares a keyword; two plug-ins cannot declare one in the same block. */
  declare(...keywords: readonly Keyword[]): void;
  find(place: string, name: string): Keyword | undefined;
  /** The blocks that keywords stand in. */
  places(): readonly string[];
  /** All keywords of a block. */
  of(place: string): readonly Keyword[];
}

export function createKeywordTable(): KeywordTable {
  const places = new Map<string, Map<string, Keyword>>();
  const table: KeywordTable = {
    declare(...keywords) {
      for (const keyword of keywords) {
        refuseWrong(keyword);
        for (const place of keyword.in) {
          const names = places.get(place) ?? new Map<string, Keyword>();
          const first = names.get(keyword.name);
          if (first) throw clash(`the keyword ${keyword.name} of ${place}`, first.plugin, keyword.plugin);
          places.set(place, names.set(keyword.name, withSyntax(keyword)));
        }
      }
    },
    find: (place, name) => places.get(place)?.get(name),
    places: () => [...places.keys()],
    of: (place) => [...(places.get(place)?.values() ?? [])],
  };
  return table;
}

/** Plug-ins in plain JavaScript may give anything. */
function refuseWrong({
  name,
  in: places,
  kind,
  help,
  choices = [],
  columns = [],
  host,
  plugin,
}: Readonly<Partial<Record<keyof Keyword, unknown>>>): void {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const wrong = !isText(name)
    ? 'a keyword without a name'
    : !Array.isArray(places) || places.length === 0 || !places.every(isText)
      ? `the keyword ${String(name)} without the blocks that it stands in (in: ['host'])`
      : !kinds.some((each) => each === kind)
        ? `the keyword ${String(name)} of the kind ${String(kind)}, which is none of ${kinds.join(', ')}`
        : typeof help !== 'string'
          ? `the keyword ${String(name)} without help`
          : !Array.isArray(choices) || !choices.every(isText) || !Array.isArray(columns)
            ? `the keyword ${String(name)} with choices or columns that are no lists`
            : !isHostUse(host)
              ? `the keyword ${String(name)} with host that is neither path nor raw nor { below: '/…' }`
              : null;
  if (wrong !== null) throw failure('MLN_PLUGIN_SETUP', `${broughtBy(plugin as string | undefined)} declares ${wrong}`);
}

function isHostUse(host: unknown): boolean {
  if (host === undefined || host === 'path' || host === 'raw') return true;
  const { below, except = '' } = (host ?? {}) as { readonly below?: unknown; readonly except?: unknown };
  return typeof below === 'string' && below.startsWith('/') && isPattern(except);
}

function isPattern(text: unknown): boolean {
  try {
    return typeof text === 'string' && new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

function withSyntax(keyword: Keyword): Keyword {
  const { columns, syntax } = keyword;
  return columns && syntax === undefined ? { ...keyword, syntax: syntaxOf(columns) } : keyword;
}
