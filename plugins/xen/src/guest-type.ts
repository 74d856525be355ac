import type { Host, View } from '@mln/core';

/** How a guest is virtualised, see xl.cfg(5). */
export type GuestType = 'pv' | 'pvh' | 'hvm';

export interface Options {
  /** The bridge of the physical host for interfaces that name neither a switch nor a bridge. */
  readonly bridge?: string;
  /** The kernel of hosts that name none. */
  readonly kernel?: string;
  /** The initial ramdisk of hosts that name none. */
  readonly ramdisk?: string;
  /** What hosts are that say neither hvm nor pvh; pv where left out. */
  readonly type?: 'pv' | 'pvh';
}

/** Debian’s links to its newest kernel and that kernel’s ramdisk. */
const KERNEL = '/vmlinuz';
const RAMDISK = '/initrd.img';

/** Flags that choose Xen; the last two say what the guest is. */
const flags = ['xen', 'hvm', 'pvh'] as const;

/** A host with hvm or pvh runs on Xen too, unless a nearer `xen no` takes that away. */
export function wantsXen(block: View): boolean {
  const nearXen = block.flag('xen') === false ? (block.statement('xen')?.layer ?? Infinity) : Infinity;
  return flags.some((flag) => block.flag(flag) === true && (block.statement(flag)?.layer ?? 0) <= nearXen);
}

/** What a host is; of two flags that are both on the keywords tell nothing: the claim refuses that. */
export function typeOf({ keywords }: Pick<Host, 'keywords'>, { type = 'pv' }: Options): GuestType {
  if (keywords['hvm'] === true) return 'hvm';
  if (keywords['pvh'] === true) return 'pvh';
  return keywords['pvh'] === false ? 'pv' : type;
}

/** The path of a host's kernel; null: it boots its disk by its BIOS. */
export function kernelOf(host: Pick<Host, 'keywords'>, options: Options): string | null {
  const { kernel } = host.keywords;
  if (kernel !== undefined) return String(kernel);
  return typeOf(host, options) === 'hvm' ? null : (options.kernel ?? KERNEL);
}

/** The path of a host's ramdisk, or null. Debian's own goes with Debian's kernel and with no other. */
export function ramdiskOf(host: Pick<Host, 'keywords'>, options: Options): string | null {
  const { ramdisk } = host.keywords;
  if (ramdisk !== undefined) return String(ramdisk);
  const kernel = kernelOf(host, options);
  if (kernel === null || host.keywords['kernel'] !== undefined) return kernel === KERNEL ? RAMDISK : null;
  return options.ramdisk ?? (kernel === KERNEL ? RAMDISK : null);
}
