import { diffProjects, type Change, type Difference } from '../diff.js';
import { failure, MlnError, type Problem } from '../errors.js';
import type { KeywordTable } from '../keywords.js';
import { serverOf } from '../servers.js';
import type { Host, Project, Switch } from '../project.js';
import { nearest } from '../values.js';
import { costOfChange, costOfLayout, costOfSwitch } from './cost.js';
import { costliest, type UpgradeClass, type UpgradeConsent, type UpgradeItem } from './items.js';
import { lossesOf } from './losses.js';
import { withNotices } from './notices.js';

/**
 * Compares a project as it was built with what it is to be, unit by unit: switches, then hosts in the new start order, then
 * what is removed. Throws MLN_DATA_LOSS, for all hosts at once, where a disk would be made anew or smaller without consent.
 * Hidden words are left out of what is told, beside those that both projects hide.
 */
export function classify(
  old: Project,
  fresh: Project,
  keywords: KeywordTable,
  consent: UpgradeConsent,
  hidden: Iterable<string> = [],
): readonly UpgradeItem[] {
  refuseStrangers(fresh, consent);
  const differences = diffProjects(old, fresh, keywords, hidden);
  const differenceOf = differencesByUnit(differences);
  const switches = fresh.switches.map((each) => switchItem(each, differenceOf(each), keywords));
  const stopped = new Set(switches.filter(({ stops }) => stops).map(({ name }) => name));
  const before = new Map(old.hosts.map((host) => [host.name, host]));
  const others = hostsFileOf(old) === hostsFileOf(fresh) ? 'none' : 'live';
  const problems: Problem[] = [];
  const hosts = fresh.hosts.map((host): UpgradeItem => {
    const { change, changes: told = [], was } = differenceOf(host) ?? {};
    const changes = consent.copied?.includes(host.name) ? [...told, otherContent] : told;
    const one = change === 'added' ? undefined : before.get(was ?? host.name);
    if (!one) return item(host, 'new');
    const [from, to] = [serverOf(one, old), serverOf(host, fresh)];
    const cost = costliest([
      others,
      costOfLayout(one, host),
      ...changes.map((each) => costOfChange(each, host, keywords)),
      ...(from === to ? [] : ['move' as const]),
      ...(one.name === host.name ? [] : ['edit' as const]),
      ...(consent.rebuild?.includes(host.name) ? ['rebuild' as const] : []),
      // What is connected to a switch loses it with the switch.
      ...(host.interfaces.some((card) => stopped.has(card.switch ?? '')) ? ['restart' as const] : []),
    ]);
    problems.push(...lossesOf(one, host, cost, consent));
    return item(host, cost, { changes, was: was ?? null, ...(from === to ? {} : { from, to }) });
  });
  if (problems.length > 0) throw new MlnError(problems);
  const removed = differences.flatMap(({ kind, name, change }) =>
    kind === 'project' || change !== 'removed' ? [] : [item({ kind, name }, 'removed')],
  );
  return withNotices([...switches, ...hosts, ...removed], old);
}

const otherContent: Change = {
  path: ['files'],
  old: 'as they were copied',
  new: 'with other content',
  secret: false,
};

function item(
  { kind, name }: Pick<UpgradeItem, 'kind' | 'name'>,
  cost: UpgradeClass,
  details: Partial<UpgradeItem> = {},
): UpgradeItem {
  const stops = cost !== 'none' && cost !== 'live' && cost !== 'new';
  return { kind, name, was: null, class: cost, changes: [], stops, notices: [], ...details };
}

function switchItem(unit: Switch, difference: Difference | undefined, keywords: KeywordTable): UpgradeItem {
  if (difference?.change === 'added') return item(unit, 'new');
  const { changes = [] } = difference ?? {};
  return item(unit, costliest(changes.map((each) => costOfSwitch(each, keywords))), { changes });
}

/** What became of a unit of the new project; undefined where it is as it was. */
function differencesByUnit(differences: readonly Difference[]): (unit: Host | Switch) => Difference | undefined {
  const found = new Map(
    differences.filter(({ change }) => change !== 'removed').map((each) => [`${each.kind} ${each.name}`, each]),
  );
  return ({ kind, name }) => found.get(`${kind} ${name}`);
}

/** What guests know of each other, in its order. */
function hostsFileOf({ hosts }: Project): string {
  return JSON.stringify(
    hosts.map(({ name, interfaces }) => [
      name,
      interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    ]),
  );
}

/** Consent that names no host is a slip: nothing is lost by mistake of a name. */
function refuseStrangers({ hosts }: Project, { rebuild = [], shrink = [] }: UpgradeConsent): void {
  const known = hosts.map(({ name }) => name);
  for (const [option, names] of Object.entries({ rebuild, shrink }))
    for (const name of names) {
      if (known.includes(name)) continue;
      const guess = nearest(name, known);
      throw failure('MLN_NO_UNIT', `--${option}: the project has no host ${name}`, {
        hint: guess ? `did you mean ${guess}?` : `it has ${known.join(', ') || 'none'}`,
      });
    }
}
