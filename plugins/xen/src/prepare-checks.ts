import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { formatSize, MiB, type Host, type Problems } from '@mln/core';
import { kernelOf, ramdiskOf, type Options } from './guest-type.js';
import { linkOf, readOf, type Machine } from './monitor-machine.js';
import { givenUp, type XenInfo } from './xl-info.js';
import type { Domain } from './xl-list.js';

/** Tells of kernels and ramdisks that cannot be read, each once for all hosts that boot it. */
export function checkFiles(hosts: readonly Host[], options: Options, problems: Problems, machine: Machine): void {
  for (const [what, pathOf] of [
    ['kernel', kernelOf],
    ['ramdisk', ramdiskOf],
  ] as const)
    for (const [path, its] of grouped(hosts, (host) => pathOf(host, options))) {
      const wrong = unreadable(join(machine.root, path));
      if (wrong === null) continue;
      problems.error(
        'MLN_NO_FILE',
        `the ${what} ${path} ${wrong}, which ${namesOf(its)} ${its.length === 1 ? 'is' : 'are'} to boot`,
        {
          place: its[0]?.place ?? undefined,
          hint: `on Debian: apt-get install linux-image-amd64; or name another: ${what} PATH`,
        },
      );
    }
}

function unreadable(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'cannot be read';
  }
}

/** Tells of bridges that hosts name themselves; those of switches are made when the switches start. */
export function checkBridges(hosts: readonly Host[], problems: Problems, machine: Machine): void {
  const cards = hosts.flatMap((host) => host.interfaces.map((card) => ({ host, card })));
  const named = grouped(cards, ({ card }) => (card.switch === null ? card.bridge : null));
  for (const [bridge, its] of named) {
    const link = linkOf(machine, bridge);
    if (link?.bridge) continue;
    const which = its.map(({ host, card }) => `${card.name} of ${host.name}`);
    problems.error(
      'MLN_NO_BRIDGE',
      `${link ? `${bridge} is no bridge` : `there is no bridge ${bridge}`}, which ${listed(which)} ${which.length === 1 ? 'is' : 'are'} to be joined to`,
      {
        place: its[0]?.card.place ?? undefined,
        hint: link ? 'name a bridge' : `ip link add ${bridge} type bridge makes one; or correct its name`,
      },
    );
  }
}

/** Tells which hosts, in their order, do not find the memory that they are to have. */
export function checkMemory(
  hosts: readonly Host[],
  { info, domains }: { readonly info: XenInfo; readonly domains: readonly Domain[] },
  problems: Problems,
  machine: Machine,
): void {
  const dom0 = domains.find(({ id }) => id === 0)?.memory ?? 0;
  const more = givenUp(dom0, info.commandLine, readOf(machine, 'etc/xen/xl.conf') ?? '');
  let left = info.free + more;
  let wanted = 0;
  const without: Host[] = [];
  for (const host of hosts) {
    const memory = Math.ceil(host.memory / MiB) * MiB;
    wanted += memory;
    if (memory > left) without.push(host);
    else left -= memory;
  }
  if (without.length === 0) return;
  const free = `${formatSize(info.free)} ${more > 0 ? `are free, and Domain-0 gives up ${formatSize(more)}` : 'are free'}`;
  problems.error(
    'MLN_NO_MEMORY',
    `${formatSize(wanted)} of memory are wanted, and ${free}: there is none for ${listed(without.map(({ name, memory }) => `${name} (${formatSize(memory)})`))}`,
    { hint: 'stop others (xl list shows them), give these less memory, or start fewer: -h HOSTS' },
  );
}

/** Most of a large project are alike. */
const MOST = 8;

function listed(names: readonly string[]): string {
  const more = names.length - MOST;
  return more <= 0 ? names.join(', ') : `${names.slice(0, MOST).join(', ')} and ${more} more`;
}

function namesOf(hosts: readonly Host[]): string {
  return listed(hosts.map(({ name }) => name));
}

/** Those that have a key, by it. */
function grouped<T>(all: readonly T[], keyOf: (each: T) => string | null): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}
