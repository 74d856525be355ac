import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What is looked at of a machine beside its programs. */
export interface Machine {
  /** Where its /proc, /sys and /etc are. */
  readonly root: string;
  /** The calling user. */
  readonly uid: number;
}

/** The machine that this is. */
export function thisMachine(): Machine {
  return { root: '/', uid: process.getuid?.() ?? 0 };
}

/** Whether domains can run on a machine: it has booted Xen and is its Domain-0, is itself a guest of Xen, or neither. */
export type Role = 'dom0' | 'guest' | 'none';

/** XENFEAT_dom0 of xen/include/public/features.h. */
const DOM0 = 1 << 11;

/** Tells a machine's role by what Linux says of Xen: the filesystem in /proc/xen need not be mounted. */
export function roleOf(machine: Machine): Role {
  const features = Number.parseInt(readOf(machine, 'sys/hypervisor/properties/features') ?? '', 16) || 0;
  const capabilities = readOf(machine, 'proc/xen/capabilities') ?? '';
  if ((features & DOM0) !== 0 || capabilities.includes('control_d')) return 'dom0';
  return readOf(machine, 'sys/hypervisor/type')?.trim() === 'xen' ? 'guest' : 'none';
}

/** A file of a machine; null where it cannot be read. */
export function readOf({ root }: Machine, path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}

const netFolder = 'sys/class/net';

/** What a network interface of a machine is, and (as it sees them) how many bytes went through it. */
export interface Link {
  readonly bridge: boolean;
  readonly up: boolean;
  readonly alias: string;
  readonly received: number;
  readonly sent: number;
}

/** IFF_UP of netdevice(7). */
const UP = 1;

/** Looks at a network interface in sysfs(5); null where there is none of that name. */
export function linkOf(machine: Machine, name: string): Link | null {
  const path = (file: string): string => join(netFolder, name, file);
  const flags = readOf(machine, path('flags'));
  if (flags === null) return null;
  const bytes = (which: string): number => Number(readOf(machine, path(`statistics/${which}_bytes`)) ?? 0);
  return {
    bridge: readOf(machine, path('bridge/bridge_id')) !== null,
    up: (Number(flags) & UP) !== 0,
    alias: readOf(machine, path('ifalias'))?.trim() ?? '',
    received: bytes('rx'),
    sent: bytes('tx'),
  };
}

/** The names of the interfaces of Domain-0 that are the other ends of a domain’s cards: vif3.0, vif3.0-emu, or of these names. */
export function cardsOfDomain({ root }: Machine, id: number, named: readonly string[] = []): readonly string[] {
  const names = readdirSync(join(root, netFolder));
  return names.filter(
    (name) => new RegExp(`^vif${id}\\.\\d+(-emu)?$`).test(name) || named.includes(name.replace(/-emu$/, '')),
  );
}
