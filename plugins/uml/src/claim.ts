import { withIpv6 } from './modules.js';
import { checkTap, uplinkOf, type Network } from './uplink.js';
import { claim, failure, formatSize, MiB, type Host, type Project, type Switch, type Unit, type View } from '@mln/core';

/** A kernel with less panics before it has booted; with 48 MiB one boot in a hundred still finds no memory for its disk. */
const LEAST_MEMORY = 24 * MiB;
const SAFE_MEMORY = 64 * MiB;
/** Octets that User-Mode Linux gives its cards; locally administered. */
const MAC_PREFIX = 'fe:fd';

interface Claiming {
  /** Whether all others have had their say. */
  readonly unclaimed: boolean;
  readonly network: Network;
}

/** Claims hosts that say `uml`, or (unclaimed) that nobody else runs; and the switches that they are connected to. */
export function claimUnit(unit: Unit, block: View, project: Project, { unclaimed, network }: Claiming): Unit {
  if (unit.kind === 'switch') return claimSwitch(unit, project, unclaimed);
  const wanted = unclaimed ? unit.hypervisor === null && block.flag('uml') !== false : block.flag('uml') === true;
  return wanted ? claimHost(unit, block, network) : unit;
}

function claimHost(host: Host, block: View, network: Network): Host {
  check(host, block, network);
  const disks = host.disks.map((disk, index) => ({ ...disk, device: `/dev/ubd${String.fromCharCode(97 + index)}` }));
  return claim(host, 'uml', { disks, lists: withIpv6(host), console: 'tty0', macPrefix: MAC_PREFIX });
}

/** A switch takes the platform of its hosts; one without any is run by whoever runs what nobody claims. */
function claimSwitch(unit: Switch, project: Project, unclaimed: boolean): Switch {
  const connected = new Set(unit.ports.map(([host]) => host));
  const platforms = project.hosts.filter((host) => connected.has(host.name)).map((host) => host.hypervisor);
  const ours =
    platforms.includes('uml') || (unclaimed && unit.hypervisor === null && platforms.every((each) => each === null));
  if (!ours) return unit;
  if (unit.bridge !== null)
    throw unsupported(
      unit,
      'a switch of User-Mode Linux guests is a process, and no bridge',
      'leave out bridge, or join the switch to a bridge with tap',
    );
  return claim(unit, 'uml');
}

function check(host: Host, block: View, network: Network): void {
  if (host.memory < LEAST_MEMORY)
    throw unsupported(
      block.has('memory') ? { ...host, place: block.placeOf('memory') ?? null } : host,
      `${formatSize(host.memory)} of memory are too little to boot`,
      `give it ${formatSize(SAFE_MEMORY)}`,
    );
  if (host.memory < SAFE_MEMORY)
    block.warning(
      'MLN_UNSUPPORTED',
      `${host.name}: with ${formatSize(host.memory)} of memory some boots fail`,
      'memory',
      `${formatSize(SAFE_MEMORY)} are safe`,
    );
  if (host.keywords['vcpus'] !== undefined)
    block.warning(
      'MLN_UNSUPPORTED',
      `${host.name}: a User-Mode Linux guest has one processor; vcpus is not used`,
      'vcpus',
    );
  if (host.disks.length > 8) throw unsupported(host, 'User-Mode Linux has room for 8 disks');
  for (const card of host.interfaces) {
    const { name, bridge, switch: connected, place } = card;
    const at = { ...host, place };
    if (!/^eth\d{1,2}$/.test(name))
      throw unsupported(at, `the interfaces of User-Mode Linux guests are called eth0, eth1, …, not ${name}`);
    if (bridge !== null)
      throw unsupported(
        at,
        `a User-Mode Linux guest cannot be connected to the bridge ${bridge}`,
        'connect it to a switch, and the switch to the bridge with tap',
      );
    checkTap(host, card, block);
    if (connected === null && uplinkOf(card, network) === null) warnOfNoNetwork(name, block);
  }
}

/** Many hosts may inherit one interface: they share the warning. What is wrong with its switch has been told. */
function warnOfNoNetwork(networkInterface: string, block: View): void {
  const view = block.named('network').get(networkInterface);
  if (!view?.has('switch'))
    view?.warning('MLN_NO_NETWORK', `${networkInterface} is connected to nothing`, '', 'name a switch');
}

function unsupported(unit: Unit, message: string, hint?: string): Error {
  return failure('MLN_UNSUPPORTED', `${unit.name}: ${message}`, { place: unit.place ?? undefined, hint });
}
