import type { Commands } from './commands.js';
import { failure, type MlnError } from './errors.js';
import { rubbish } from './guard-results.js';
import { signedCommands } from './guard-verbs.js';
import type { LoadedPlugin } from './kernel.js';
import type { KeywordTable } from './keywords.js';
import { stampOrigins } from './origins.js';
import { placeText } from './place-text.js';
import { faultOf, gaveRubbish, type Blamed } from './plugin-blame.js';
import { waitFor } from './plugin-pending.js';
import type { Tree } from './tree.js';

/** A tap: the hook, and the name that it was made with. */
export interface Tapped {
  readonly hook: string;
  readonly name: string;
}

/** A plug-in that was set up, and what it has brought. */
export interface RunningPlugin extends LoadedPlugin {
  readonly taps: readonly Tapped[];
  /** What it declares, each with the block that it stands in: `host.memory`. */
  readonly keywords: readonly string[];
  readonly verbs: readonly string[];
}

/** A plug-in that is configured and cannot be used, and why. */
export interface BrokenPlugin {
  readonly name: string;
  /** Where it was found; as it is configured where it was not. */
  readonly source: string;
  readonly error: MlnError;
}

/** What the kernel writes down of a plug-in. */
export interface Entry {
  readonly plugin: LoadedPlugin;
  readonly taps: Tapped[];
  readonly keywords: string[];
  readonly verbs: string[];
  error: MlnError | null;
}

/** What the kernel writes down of all plug-ins. */
export interface Ledger {
  readonly entries: Entry[];
  /** The plug-in that is being set up: what is tapped now is its own. */
  current: Entry | null;
  /** What was told of listeners that fail. */
  readonly told: Set<string>;
  readonly log: (text: string) => void;
}

interface Tap {
  readonly name: string;
  readonly type: 'sync' | 'async' | 'promise';
  readonly fn: (...args: unknown[]) => unknown;
}

interface Tapping {
  readonly hook: string;
  readonly tap: string;
  readonly type: Tap['type'];
  /** Whose it is; null for the core's own. */
  readonly entry: Entry | null;
}

/** Wraps every tap of a hook: it is known whose it is, and what goes wrong in it is told with the names of plug-in and hook. */
export function guardHook(hook: unknown, name: string, ledger: Ledger): void {
  const { intercept } = hook as { intercept?: (interceptor: { register(tap: Tap): Tap }) => void };
  intercept?.call(hook, {
    register(tap) {
      const entry = ownerOf(tap.name, ledger);
      if (entry) refuseTap(tap, name, entry.plugin.name);
      entry?.taps.push({ hook: name, name: tap.name });
      const tapping: Tapping = { hook: name, tap: tap.name, type: tap.type, entry };
      const run = (...args: unknown[]): unknown => {
        if (entry?.error) return undefined;
        return guarded(tapping, ledger, () => tap.fn(...given(tapping, args)), args);
      };
      // What a tap throws before it gives its promise would be lost to tapable where another tap has run before.
      return { ...tap, fn: tap.type === 'promise' ? async (...args: unknown[]) => await run(...args) : run };
    },
  });
}

/** A hook takes functions, and promises: who calls back twice, or never, would leave the others without a word. */
function refuseTap({ type, fn }: Tap, hook: string, plugin: string): void {
  if (typeof (fn as unknown) !== 'function')
    throw failure('MLN_PLUGIN_SETUP', `the plug-in ${plugin} taps ${hook} without a function`);
  if (type === 'async')
    throw failure('MLN_PLUGIN_SETUP', `the plug-in ${plugin} taps ${hook} with tapAsync, which mln does not take`, {
      hint: `mln.hooks.${hook}.tapPromise('NAME', async (…) => …)`,
    });
}

/** What is tapped while a plug-in is set up is its own; what is tapped later is known by the name of earlier taps. */
function ownerOf(tap: string, { current, entries }: Ledger): Entry | null {
  return current ?? entries.find(({ taps }) => taps.some(({ name }) => name === tap)) ?? null;
}

/** Tables remember who adds something to them. */
function given({ hook, tap, entry }: Tapping, args: readonly unknown[]): readonly unknown[] {
  if (hook === 'keywords') return [signedKeywords(args[0] as KeywordTable, tap, entry)];
  return hook === 'commands' ? [signedCommands(args[0] as Commands, tap, entry)] : args;
}

function signedKeywords(table: KeywordTable, plugin: string, entry: Entry | null): KeywordTable {
  return {
    ...table,
    declare: (...keywords) => {
      table.declare(...keywords.map((keyword) => ({ ...keyword, plugin })));
      entry?.keywords.push(...keywords.flatMap(({ name, in: places }) => places.map((place) => `${place}.${name}`)));
    },
  };
}

/** Runs a tap, and looks at what it gives. */
function guarded(tapping: Tapping, ledger: Ledger, act: () => unknown, args: readonly unknown[]): unknown {
  const { hook, tap, entry, type } = tapping;
  const plugin: Blamed = entry?.plugin ?? { name: tap, source: '' };
  const where = placeOf(tapping);
  const failed = (error: unknown): unknown => {
    if (entry === null && tap === 'core') throw error;
    const told = faultOf(plugin, where, error);
    if (hook === 'event') {
      tellOnce(ledger, told);
      return undefined;
    }
    if (entry === null || (hook !== 'commands' && hook !== 'keywords')) throw told;
    // The core's own tap is the last one: all that went wrong is told then.
    entry.error = told;
    return undefined;
  };
  const checked = (result: unknown): unknown => {
    const wrong = rubbish(hook, result, args);
    if (wrong !== null) return failed(gaveRubbish(plugin, wrong, where, adviceFor(hook)));
    try {
      return hook === 'transformTree' && result ? stampOrigins(result as Tree, tap) : result;
    } catch (error) {
      return failed(error);
    }
  };
  try {
    const result = act();
    if (!(result instanceof Promise)) return checked(result);
    if (type !== 'sync') return (entry ? waitFor(plugin, where, () => result) : result).then(checked, failed);
    // Nobody waits for it; what comes of it is told all the same.
    result.catch((error: unknown) => {
      ledger.log(faultOf(plugin, where, error).message);
    });
    return checked(result);
  } catch (error) {
    return failed(error);
  }
}

/** Who only listens ends nothing: what goes wrong is told, and told once. */
function tellOnce({ told, log }: Ledger, { message, problems: [problem] }: MlnError): void {
  if (told.has(message)) return;
  told.add(message);
  log(`${problem?.place ? `${placeText(problem.place)}: ` : ''}${message}`);
}

function adviceFor(hook: string): string {
  return `docs/hooks.md says what ${hook} takes; tell whoever makes the plug-in`;
}

/** The hook, and the tap's name where that is not the plug-in's. */
function placeOf({ hook, tap, entry }: Tapping): string {
  const name = entry?.plugin.name ?? tap;
  const known = name === tap || name.endsWith(`-${tap}`) || name.endsWith(`/${tap}`);
  return `in ${hook}${known ? '' : ` (its tap ${tap})`}`;
}
