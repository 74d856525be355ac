import { withSharing } from './cow-claim.js';
import { withIpv6 } from './modules.js';
import { isTapName, tapOf, usesSlirp, withSwitchTap, withUplinks, type Network, type SwitchProgram } from './uplink.js';
import {
  claim,
  failure,
  formatSize,
  MiB,
  serversOf,
  type Host,
  type Project,
  type Switch,
  type Unit,
  type View,
} from '@mln/core';

/** A kernel with less panics before it has booted; with 48 MiB one boot in a hundred still finds no memory for its disk. */
const LEAST_MEMORY = 24 * MiB;
const SAFE_MEMORY = 64 * MiB;
/** Octets that User-Mode Linux gives its cards; locally administered. */
const MAC_PREFIX = 'fe:fd';

interface Claiming {
  /** Whether all others have had their say. */
  readonly unclaimed: boolean;
  /** Whether disks share their templates where they can. */
  readonly cow: boolean;
  readonly network: Network;
  /** What a switch is that does not say so itself. */
  readonly switchProgram: SwitchProgram;
}

/** Claims hosts that say `uml`, or (unclaimed) that nobody else runs; and the switches that they are connected to. */
export function claimUnit(unit: Unit, block: View, project: Project, claiming: Claiming): Unit {
  const { unclaimed } = claiming;
  if (unit.kind === 'switch') return claimSwitch(unit, block, project, claiming);
  const wanted = unclaimed ? unit.hypervisor === null && block.flag('uml') !== false : block.flag('uml') === true;
  return wanted ? claimHost(withUplinks(unit, block, project, claiming.network), block, claiming) : unit;
}

function claimHost(host: Host, block: View, { cow }: Claiming): Host {
  check(host, block);
  const disks = host.disks.map((disk, index) => ({
    ...withSharing(host, disk, block, cow),
    // A folder of the physical host is reached through a link in the host's folder, where its mounts begin.
    device: disk.mount?.type === 'hostfs' ? `/disk${index}` : `/dev/ubd${String.fromCharCode(97 + index)}`,
  }));
  return claim(host, 'uml', { disks, lists: withIpv6(host), console: 'tty0', macPrefix: MAC_PREFIX });
}

/** A switch takes the platform of its hosts; one without any is run by whoever runs what nobody claims. */
function claimSwitch(unit: Switch, block: View, project: Project, { unclaimed, switchProgram }: Claiming): Switch {
  const connected = new Set(unit.ports.map(([host]) => host));
  const platforms = project.hosts.filter((host) => connected.has(host.name)).map((host) => host.hypervisor);
  const ours =
    platforms.includes('uml') || (unclaimed && unit.hypervisor === null && platforms.every((each) => each === null));
  if (!ours) return unit;
  checkSwitch(unit, block);
  const spread = serversOf(unit, project).length > 1;
  if (spread && unit.socket === null) checkSpread(unit, block, project);
  const vde =
    unit.socket === null && (spread || (unit.keywords['vde'] === undefined && switchProgram === 'vde_switch'));
  const keywords = vde ? { ...unit.keywords, vde: true } : unit.keywords;
  return claim(withSwitchTap(unit, project), 'uml', { keywords });
}

/** A switch of others is theirs to join to anything. */
function checkSwitch(unit: Switch, block: View): void {
  const { socket, tap } = unit;
  if (tap !== null && !isTapName(tap))
    block.error('MLN_BAD_NAME', `${unit.name}: ${JSON.stringify(tap)} cannot be the name of a tap`, 'tap');
  for (const keyword of socket === null ? [] : ['tap', 'bridge', 'hub', 'vde'])
    if (block.has(keyword))
      block.error(
        'MLN_BAD_VALUE',
        `${unit.name}: a switch that others run (socket) cannot be given ${keyword} here`,
        keyword,
      );
}

/** The parts of a switch that is on several servers can be joined where they are vde_switches. */
function checkSpread(unit: Switch, block: View, project: Project): void {
  if (block.flag('vde') !== false) return;
  const servers = serversOf(unit, project).map((each) => each ?? 'this machine');
  block.error(
    'MLN_UNSUPPORTED',
    `${unit.name}: the parts of a switch on several servers (${servers.join(', ')}) are vde_switches`,
    'vde',
    'leave vde out',
  );
}

function check(host: Host, block: View): void {
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
    const { name, switch: connected, place } = card;
    const at = { ...host, place };
    if (!/^eth\d{1,2}$/.test(name))
      throw unsupported(at, `the interfaces of User-Mode Linux guests are called eth0, eth1, …, not ${name}`);
    if (connected === null && tapOf(card) === null && !usesSlirp(card)) warnOfNoNetwork(name, block);
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
