import {
  isHere,
  isMlnError,
  unknownStatus,
  type Host,
  type Look,
  type Mln,
  type Project,
  type Status,
  type Unit,
} from '@mln/core';
import { hostStatus } from './monitor-host.js';
import { readLocks } from './monitor-locks.js';
import { cardsOfDomain, linkOf, roleOf, thisMachine, type Machine } from './monitor-machine.js';
import { switchStatus } from './monitor-switch.js';
import { listCommand, readDomains, type Domain } from './xl-list.js';
import { readPercents, topCommand } from './xl-top.js';

/** Milliseconds that xl and xentop may take: a machine that is busy makes them wait. */
const LIMIT = 30_000;

/** What a look has asked the hypervisor; the commands of one look ask it once, for all projects. */
interface Asked {
  domains?: Promise<readonly Domain[] | string>;
  percents?: Promise<ReadonlyMap<string, number>>;
}

const asked = new WeakMap<Look, Asked>();

/** Tells what runs: one xl for all hosts, and one xentop where figures are wanted that it alone has. */
export async function monitor(
  mln: Mln,
  statuses: ReadonlyMap<string, Status>,
  units: readonly Unit[],
  project: Project,
  look: Look = { usage: false },
  machine: Machine = thisMachine(),
): Promise<ReadonlyMap<string, Status>> {
  const ours = units.filter((unit) => unit.hypervisor === 'xen' && isHere(mln, unit, project));
  const hosts = ours.filter((unit) => unit.kind === 'host');
  const found = hosts.length === 0 ? [] : await hostStatuses(mln, hosts, project, look, machine);
  const switches = ours.flatMap((unit) =>
    unit.kind === 'switch' ? [[unit.name, switchStatus(unit, project, machine)] as const] : [],
  );
  return new Map([...statuses, ...switches, ...found]);
}

async function hostStatuses(
  mln: Mln,
  hosts: readonly Host[],
  project: Project,
  look: Look,
  machine: Machine,
): Promise<readonly (readonly [string, Status])[]> {
  const memory = asked.get(look) ?? {};
  asked.set(look, memory);
  const domains = await (memory.domains ??= domainsOf(mln, machine));
  if (typeof domains === 'string') return hosts.map(({ name }) => [name, { ...unknownStatus, detail: domains }]);
  const isLocked = readLocks(machine);
  const found = hosts.map((host) => ({ host, ...hostStatus(host, project, domains, isLocked) }));
  const percents =
    look.usage && found.some(({ domain }) => domain !== null)
      ? await (memory.percents ??= percentsOf(mln))
      : new Map<string, number>();
  return found.map(({ host, domain, status }) => {
    if (!domain) return [host.name, status];
    const percent = look.usage ? { cpuPercent: percents.get(domain.name) ?? null } : {};
    return [host.name, { ...status, ...percent, network: trafficOf(host, domain.id, machine) }];
  });
}

/** All domains; or why that is not known. Where Xen does not run there are none. */
async function domainsOf({ shell }: Mln, machine: Machine): Promise<readonly Domain[] | string> {
  if (roleOf(machine) !== 'dom0') return [];
  if (machine.uid !== 0) return 'only root may ask the hypervisor';
  try {
    return readDomains((await shell('xl', listCommand, { timeout: LIMIT })).stdout);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return `the hypervisor cannot be asked: ${error.message.replace(/\s*\n\s*/g, '; ')}`;
  }
}

/** Who has no xentop sees no percent. */
async function percentsOf({ shell }: Mln): Promise<ReadonlyMap<string, number>> {
  try {
    return readPercents((await shell('xentop', topCommand, { timeout: LIMIT })).stdout);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return new Map();
  }
}

/**
 * Bytes that went through a guest's cards, as the guest sees them: what Domain-0 sends through the other end of a card
 * the guest receives. xentop(1) would round them to KiB. Null where it has no card.
 */
function trafficOf({ interfaces }: Host, id: number, machine: Machine): Status['network'] {
  const named = interfaces.flatMap(({ keywords }) => keywords?.['vifname'] ?? []).map(String);
  const links = cardsOfDomain(machine, id, named).flatMap((name) => linkOf(machine, name) ?? []);
  if (links.length === 0) return null;
  const sum = (which: 'received' | 'sent'): number => links.reduce((total, link) => total + link[which], 0);
  return { received: sum('sent'), sent: sum('received') };
}
