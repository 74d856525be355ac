import type { Project } from '../project.js';
import type { UpgradeItem } from './items.js';

/** Says of each host that stops which hosts notice: those that run on, and share a switch with it. */
export function withNotices(items: readonly UpgradeItem[], old: Project): readonly UpgradeItem[] {
  const switches = new Map(
    old.hosts.map(({ name, interfaces }) => [name, interfaces.flatMap((card) => card.switch ?? [])]),
  );
  const runOn = new Map<string, string[]>();
  for (const { kind, name, class: cost } of items)
    if (kind === 'host' && (cost === 'none' || cost === 'live'))
      for (const each of new Set(switches.get(name))) runOn.set(each, [...(runOn.get(each) ?? []), name]);
  return items.map((item) => {
    if (item.kind !== 'host' || !item.stops) return item;
    const notices = (switches.get(item.was ?? item.name) ?? []).flatMap((each) => runOn.get(each) ?? []);
    return { ...item, notices: [...new Set(notices)] };
  });
}
