import { failure, isMlnError } from '../errors.js';
import type { HookName, Hooks } from '../hooks.js';
import type { LoadedPlugin, Mln } from '../kernel.js';
import { placeIn } from '../plugin-place.js';
import type { Findings } from './findings.js';

const ways = ['tap', 'tapPromise', 'tapAsync'] as const;
type Way = (typeof ways)[number];

/** A plug-in whose taps are looked at while it makes them. */
export function watched(plugin: LoadedPlugin, findings: Findings): LoadedPlugin {
  return {
    ...plugin,
    plugin: (mln, options) => {
      const hooks = Object.entries(mln.hooks).map(([name, hook]) => [
        name,
        watchedHook(hook, name as HookName, plugin, findings),
      ]);
      return plugin.plugin(
        Object.create(mln, { hooks: { value: Object.fromEntries(hooks) as Hooks } }) as Mln,
        options,
      );
    },
  };
}

function watchedHook(hook: object, name: HookName, plugin: LoadedPlugin, findings: Findings): unknown {
  const tap = (way: Way, options: { name?: unknown } | string, fn: unknown): void => {
    const here = placeIn(new Error(), plugin.source);
    checkTap(findings, { name, way, fn, isAsync: hook.constructor.name.startsWith('Async'), place: here });
    const called = typeof options === 'string' ? options : options.name;
    if (typeof called === 'string' && called !== '' && !isOwn(plugin.name, called))
      findings.warn('taps', `its tap of ${name} is called ${called}: another name than the plug-in’s`, { place: here });
    try {
      (hook as Record<Way, (options: unknown, fn: unknown) => void>)[way](options, fn);
    } catch (error) {
      throw isMlnError(error) ? error : tapFailure(plugin, name, way, hook, error);
    }
  };
  return new Proxy(hook, {
    get: (target, property) => {
      const way = ways.find((each) => each === property);
      if (way) return (options: string, fn: unknown) => { tap(way, options, fn); }; // prettier-ignore
      const value = Reflect.get(target, property) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

interface Tap {
  readonly name: HookName;
  readonly way: Way;
  readonly fn: unknown;
  readonly isAsync: boolean;
  readonly place: ReturnType<typeof placeIn>;
}

/** An async function that nobody waits for works by chance, and its errors are lost. */
function checkTap(findings: Findings, { name, way, fn, isAsync, place }: Tap): void {
  if (way !== 'tap' || Object.prototype.toString.call(fn) !== '[object AsyncFunction]') return;
  findings.wrong('taps', `${name} is tapped by tap with an async function, which nobody waits for`, {
    place,
    hint: isAsync ? `hooks.${name}.tapPromise(…)` : `${name} is a sync hook: its function cannot be async`,
  });
}

/** Whether a tap has the name of its plug-in, with or without what comes before it in the package's. */
function isOwn(plugin: string, tap: string): boolean {
  const last = shortName(plugin);
  return [plugin, last, last.replace(/[^a-z0-9]+/g, '_')].includes(tap);
}

function shortName(plugin: string): string {
  return plugin.replace(/^@[^/]*\//, '').replace(/^(?:mln-)?plugin-/, '');
}

/** What tapable refuses: a way of tapping that the hook does not have, a name or a function that is missing. */
function tapFailure({ name, source }: LoadedPlugin, hook: HookName, way: Way, target: object, cause: unknown): Error {
  const isAsync = target.constructor.name.startsWith('Async');
  const message = cause instanceof Error ? cause.message : String(cause);
  const unsupported = !isAsync && way !== 'tap';
  return failure('MLN_PLUGIN_SETUP', `the plug-in ${name} cannot tap ${hook} by ${way}: ${message}`, {
    cause,
    place: placeIn(cause, source) ?? placeIn(new Error(), source),
    hint: unsupported
      ? `${hook} is a sync hook: hooks.${hook}.tap('${shortName(name)}', …)`
      : `hooks.${hook}.${isAsync ? 'tapPromise' : 'tap'}('${shortName(name)}', …)`,
  });
}
