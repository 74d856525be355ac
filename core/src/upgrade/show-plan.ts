import pc from 'picocolors';
import { renderDifferences } from '../render-diff.js';
import { compareNames, formatSize } from '../values.js';
import type { UpgradeClass } from './items.js';
import { isUpToDate, type PlannedItem, type UpgradePlan } from './upgrade-plan.js';

const signs: Readonly<Partial<Record<UpgradeClass, string>>> = { new: pc.green('+'), removed: pc.red('-') };

/** Writes for people what an upgrade would do: a unit, or all that it does the same with, with what changes; then a summary. */
export function planText({ own, items, previous, project }: UpgradePlan): string {
  const shown = alike(items.filter((item) => item.class !== 'none'));
  const ofProject = own.length === 0 ? [] : [renderDifferences([projectChange(project.name, own)])];
  return [...ofProject, ...shown.map(groupText), '', ...summary(items, previous.pending)].join('\n');
}

/** What an upgrade would do, for other programs. */
export function planDocument(plan: UpgradePlan): object {
  const { previous, project, own, items } = plan;
  return {
    apiVersion: 'mln/v1',
    kind: 'UpgradePlan',
    project: project.name,
    version: previous.version,
    upToDate: isUpToDate(plan),
    pending: previous.pending,
    changes: own,
    items: items.map((item) => ({ ...item, downtime: downtimeOf(item) })),
  };
}

/** What becomes of a guest, or switch, that runs. */
function downtimeOf({ kind, class: cost, from = null, to = null }: PlannedItem): string {
  if (kind === 'switch' && cost === 'live') return 'runs on';
  if (kind === 'switch' && cost === 'removed') return 'stops, and is removed';
  return {
    none: 'nothing',
    live: 'runs on; counts from the next start',
    restart: 'restarts',
    edit: 'down while the disk is edited',
    resize: 'down while the disk is resized',
    platform: 'down while the disk changes its platform',
    move: `down while the disk goes from ${from ?? 'here'} to ${to ?? 'here'}`,
    rebuild: 'down while the disk is made anew; the old one is kept aside',
    new: 'new',
    removed: 'stops; the disk is kept aside',
  }[cost];
}

type Group = readonly [names: readonly string[], item: PlannedItem];

/** Units that it does the same with stand together, in the order of the first of each group; bytes are added. */
function alike(items: readonly PlannedItem[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const item of items) {
    const { name, bytes, ...rest } = item;
    const key = JSON.stringify([rest, rest.was === null ? null : name, bytes === null]);
    const [names, { bytes: sum }] = groups.get(key) ?? [[], { bytes: 0 }];
    groups.set(key, [[...names, name], { ...item, bytes: bytes === null || sum === null ? null : sum + bytes }]);
  }
  return [...groups.values()];
}

function groupText([names, item]: Group): string {
  const { kind, name, was, changes, bytes, notices } = item;
  const renamed = was === null ? '' : ` (was ${was})`;
  const copied = bytes === null ? ', its disk to copy' : bytes === 0 ? '' : `, ${formatSize(bytes)} to copy`;
  const lines = renderDifferences([{ kind, name, was: null, change: 'changed', changes }]).split('\n');
  return [
    `${signs[item.class] ?? pc.yellow('~')} ${kind} ${pc.bold(names.join(', '))}${renamed}: ${downtimeOf(item)}${copied}`,
    ...lines.slice(1),
    ...(notices.length > 0 ? [pc.dim(`    noticed by ${notices.join(', ')}`)] : []),
  ].join('\n');
}

function summary(items: readonly PlannedItem[], pending: readonly string[]): readonly string[] {
  const hosts = items.filter(({ kind }) => kind === 'host');
  const ofClass = (...classes: readonly UpgradeClass[]): readonly string[] =>
    hosts.filter((item) => classes.includes(item.class)).map(({ name }) => name);
  const isShown = ([, names]: readonly [string, readonly string[]]): boolean => names.length > 0;
  const counts = (
    [
      ['down for a while', ofClass('edit', 'resize', 'platform', 'move', 'rebuild')],
      ['restarted', ofClass('restart')],
      ['new', ofClass('new')],
      ['removed', ofClass('removed')],
      ['left to run', ofClass('live', 'none')],
    ] as const
  )
    .filter(isShown)
    .map(([what, { length }]) => `${length} ${what}`);
  const bytes = hosts.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
  const noticing = [...new Set(hosts.flatMap(({ notices }) => notices))].sort(compareNames);
  return [
    `hosts: ${counts.join(', ') || 'none'}${bytes > 0 ? `; ${formatSize(bytes)} to copy` : ''}`,
    ...(noticing.length > 0 ? [`others notice that: ${noticing.join(', ')}`] : []),
    ...(pending.length > 0 ? [`waiting for their next start since an earlier upgrade: ${pending.join(', ')}`] : []),
  ];
}

function projectChange(name: string, changes: UpgradePlan['own']): Parameters<typeof renderDifferences>[0][number] {
  return { kind: 'project', name, was: null, change: 'changed', changes };
}
