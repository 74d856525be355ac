import { factsOfHost, factsOfProject, factsOfSwitch, secretsOf, type Fact } from './facts.js';
import type { KeywordTable } from './keywords.js';
import type { Host, Project } from './project.js';

/** What one keyword said and says; null where it says nothing. */
export interface Change {
  /** Such as `memory`; `network`, `eth0`, `address`; `users`, `jack`. */
  readonly path: readonly string[];
  /** As it may stand in the file; a text as its lines. */
  readonly old: string | readonly string[] | null;
  readonly new: string | readonly string[] | null;
  /** The value is hidden: old and new may look alike. */
  readonly secret: boolean;
}

/** What became of a project itself, a host or a switch. */
export interface Difference {
  readonly kind: 'project' | 'host' | 'switch';
  readonly name: string;
  /** Its earlier name, where it has another one now. */
  readonly was: string | null;
  readonly change: 'added' | 'removed' | 'changed';
  /** Empty for what is added or removed as a whole. */
  readonly changes: readonly Change[];
}

/** Compares two projects as they were resolved, words that are hidden beside those that both say left out: first what is theirs, then switches and hosts in the new start order. */
export function diffProjects(
  old: Project,
  fresh: Project,
  keywords: KeywordTable,
  hidden: Iterable<string> = [],
): readonly Difference[] {
  const secrets = new Set([...secretsOf(old, keywords), ...secretsOf(fresh, keywords), ...hidden]);
  const own = compare(factsOfProject(old, secrets), factsOfProject(fresh, secrets));
  const switches = pairs(old.switches, fresh.switches, () => undefined);
  const hosts = pairs(old.hosts, fresh.hosts, earlierNames(old.hosts, fresh.hosts));
  return Object.freeze([
    ...(own.length > 0 ? [changed('project', fresh.name, fresh.name, own)] : []),
    ...switches.flatMap((pair) =>
      difference('switch', pair, (one, other) =>
        compare(factsOfSwitch(one, old, keywords), factsOfSwitch(other, fresh, keywords)),
      ),
    ),
    ...hosts.flatMap((pair) =>
      difference('host', pair, (one, other) =>
        withoutClaims(
          compare(factsOfHost(one, old, keywords, secrets), factsOfHost(other, fresh, keywords, secrets)).filter(
            // A build that finds no address in the file keeps the one that it has chosen.
            ({ path, new: now }) => now !== null || path[0] !== 'network' || path[2] !== 'mac' || old.secret === null,
          ),
        ),
      ),
    ),
  ]);
}

type Pair<U> = readonly [old: U | null, fresh: U | null];

/** Each new unit with the old one that it comes from, and behind them the old ones that are gone. */
function pairs<U extends { readonly name: string }>(
  old: readonly U[],
  fresh: readonly U[],
  earlier: (unit: U) => string | undefined,
): readonly Pair<U>[] {
  const byName = new Map(old.map((each) => [each.name, each]));
  const found = fresh.map((each): Pair<U> => [byName.get(earlier(each) ?? each.name) ?? null, each]);
  const kept = new Set(found.map(([one]) => one));
  return [...found, ...old.filter((each) => !kept.has(each)).map((each): Pair<U> => [each, null])];
}

/** Finds hosts that were renamed: `was` names an old host that is gone, and nobody before has taken it. */
export function earlierNames(
  old: readonly Pick<Host, 'name'>[],
  fresh: readonly Host[],
): (host: Pick<Host, 'name'>) => string | undefined {
  const gone = new Set(old.map(({ name }) => name));
  for (const { name } of fresh) gone.delete(name);
  const known = new Set(old.map(({ name }) => name));
  const names = new Map<string, string>();
  for (const { name, keywords } of fresh) {
    const was = Object.hasOwn(keywords, 'was') ? keywords['was'] : undefined;
    if (typeof was === 'string' && !known.has(name) && gone.delete(was)) names.set(name, was);
  }
  return ({ name }) => names.get(name);
}

function difference<U extends { readonly name: string }>(
  kind: 'host' | 'switch',
  [old, fresh]: Pair<U>,
  changesOf: (old: U, fresh: U) => readonly Change[],
): Difference[] {
  if (!old || !fresh) {
    const name = (fresh ?? old)?.name ?? '';
    return [
      Object.freeze({
        kind,
        name,
        was: null,
        change: fresh ? 'added' : 'removed',
        changes: Object.freeze([]),
      } as const),
    ];
  }
  const changes = changesOf(old, fresh);
  return changes.length > 0 || old.name !== fresh.name ? [changed(kind, fresh.name, old.name, changes)] : [];
}

function changed(kind: Difference['kind'], name: string, was: string, changes: readonly Change[]): Difference {
  return Object.freeze({
    kind,
    name,
    was: was === name ? null : was,
    change: 'changed',
    changes: Object.freeze(changes),
  });
}

/** Compares facts by their paths, those of one keyword together. */
function compare(old: readonly Fact[], fresh: readonly Fact[]): readonly Change[] {
  const [before, now] = [byPath(old), byPath(fresh)];
  const keys = merged([...before.keys()], [...now.keys()]);
  const keywords = merged(keywordsOf(old), keywordsOf(fresh));
  const rank = new Map(keywords.map((name, index) => [name, index]));
  const changes = keys.flatMap((key) => changeOf(before.get(key), now.get(key)) ?? []);
  return changes.sort(({ path: [one = ''] }, { path: [other = ''] }) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0));
}

function byPath(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  return new Map(facts.map((fact) => [JSON.stringify(fact.path), fact]));
}

function keywordsOf(facts: readonly Fact[]): readonly string[] {
  return [...new Set(facts.map(({ path: [name = ''] }) => name))];
}

/** The names of both in the new order; what is gone stands behind the name that it stood behind. */
function merged(old: readonly string[], fresh: readonly string[]): readonly string[] {
  const known = new Set(fresh);
  const gone = new Map<string | null, string[]>();
  let last: string | null = null;
  for (const name of old) {
    if (known.has(name)) last = name;
    else gone.set(last, [...(gone.get(last) ?? []), name]);
  }
  return [...(gone.get(null) ?? []), ...fresh.flatMap((name) => [name, ...(gone.get(name) ?? [])])];
}

function changeOf(old: Fact | undefined, fresh: Fact | undefined): Change | null {
  if ((old?.same ?? null) === (fresh?.same ?? null)) return null;
  const path = Object.freeze([...((fresh ?? old)?.path ?? [])]);
  const secret = (old?.secret ?? false) || (fresh?.secret ?? false);
  const alike = !secret && old !== undefined && fresh !== undefined && sameValue(old, fresh);
  const shown = (fact: Fact | undefined): Change['old'] => {
    if (!fact) return null;
    return alike ? (fact.full ?? fact.value) : typeof fact.value === 'string' ? fact.value : Object.freeze(fact.value);
  };
  return Object.freeze({ path, old: shown(old), new: shown(fresh), secret });
}

function sameValue(one: Fact, other: Fact): boolean {
  return JSON.stringify(one.value) === JSON.stringify(other.value);
}

/** A host that another hypervisor or store claims says so once: the flag that chose it, such as `xen`, is left out. */
function withoutClaims(changes: readonly Change[]): readonly Change[] {
  const claims = changes.filter(({ path: [name], old, new: now }) => isClaim(name) && old !== null && now !== null);
  const claimants = new Set(claims.flatMap(({ old, new: now }) => [old, now]));
  return changes.filter(({ path: [name = '', inner], old, new: now }) => {
    const isFlag =
      inner === undefined && [old, now].every((value) => value === null || value === 'yes' || value === 'no');
    return !isFlag || !claimants.has(name);
  });
}

function isClaim(name: string | undefined): boolean {
  return name === 'hypervisor' || name === 'store';
}
