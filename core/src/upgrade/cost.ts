import type { Change } from '../diff.js';
import type { Keyword, KeywordTable } from '../keywords.js';
import type { Disk, Host } from '../project.js';
import type { UpgradeClass } from './items.js';

/** Where keywords of the core cost more than an edit, or nothing by themselves. */
const ofHost: Readonly<Record<string, UpgradeClass>> = {
  hypervisor: 'platform',
  template: 'rebuild',
  filesystem: 'rebuild',
  size: 'resize',
  free_space: 'resize',
  // Where it comes to another server is told by the projects, and how its disk is kept by costOfLayout.
  service_host: 'live',
  store: 'live',
};

/** What the change of a keyword costs what runs, as its table and the core’s own say; null where it stands in no host or switch, or is a block. */
export function usualCost({ name, kind, upgrade }: Keyword, place: string): UpgradeClass | null {
  if (kind === 'block') return null;
  if (place === 'host') return name === 'service_host' ? 'move' : (ofHost[name] ?? upgrade ?? 'edit');
  if (place === 'network') return upgrade ?? 'edit';
  if (place === 'switch') return name === 'service_host' || upgrade === 'live' ? 'live' : 'restart';
  return null;
}

/** What the change of one keyword costs a host. */
export function costOfChange({ path: [name = '', , inner] }: Change, host: Host, keywords: KeywordTable): UpgradeClass {
  if ((name === 'size' || name === 'free_space') && rootOf(host)?.existing === true) return 'none';
  // A guest holds the modules of its kernel, where it loads any.
  if (name === 'kernel' && (host.lists['modules'] ?? []).length > 0) return 'edit';
  if (name === 'network') return (inner === undefined ? undefined : keywords.find('network', inner)?.upgrade) ?? 'edit';
  return ofHost[name] ?? keywords.find('host', name)?.upgrade ?? 'edit';
}

/** What the change of one keyword costs a switch. It is on other servers as its hosts come and go, which stops it nowhere else. */
export function costOfSwitch({ path: [name = ''] }: Change, keywords: KeywordTable): UpgradeClass {
  return name === 'service_host' ? 'live' : keywords.find('switch', name)?.upgrade === 'live' ? 'live' : 'restart';
}

/** What follows from something else and is no change of a keyword: what devices are called, and how disks are kept. */
export function costOfLayout(old: Host, fresh: Host): UpgradeClass {
  if (old.hypervisor !== fresh.hypervisor || keepingOf(old) !== keepingOf(fresh)) return 'platform';
  if (imageOf(old) !== imageOf(fresh)) return 'resize';
  if (old.console !== fresh.console || layoutOf(old) !== layoutOf(fresh)) return 'edit';
  return cardsOf(old) === cardsOf(fresh) ? 'none' : 'restart';
}

export function rootOf({ disks }: Host): Disk | undefined {
  return disks.find(({ role }) => role === 'root');
}

/** What stands on an image is a file of its host's folder, as what was made whole. */
function keepingOf(host: Host): string | undefined {
  const { store, share, standsOn } = rootOf(host) ?? {};
  return share || standsOn !== undefined ? 'file' : store;
}

function imageOf(host: Host): string | undefined {
  const { share, standsOn } = rootOf(host) ?? {};
  return share?.image ?? standsOn;
}

function layoutOf({ disks }: Host): string {
  return JSON.stringify(disks.map(({ role, store, device, mount }) => [role, store, device, mount?.point]));
}

function cardsOf({ interfaces }: Host): string {
  return JSON.stringify(interfaces.map(({ name }) => name));
}
