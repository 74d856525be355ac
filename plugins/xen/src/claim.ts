import { dirname, resolve } from 'node:path';
import { claim, failure, type Host, type Interface, type Project, type Switch, type Unit, type View } from '@mln/core';
import { checkSwitch } from './check-switch.js';
import { checkHost } from './check-host.js';
import { kernelOf, wantsXen, type Options } from './guest-type.js';
import { digest } from './identity.js';

/** Octets that belong to Xen, see xl-network-configuration(5). */
const MAC_PREFIX = '00:16:3e';
/** Disks that fit between xvda and xvdz. */
const MOST_DISKS = 26;

/** Claims hosts that say xen, hvm or pvh, and the switches that they are connected to. */
export function claimUnit(unit: Unit, block: View, project: Project, options: Options): Unit {
  if (unit.kind === 'switch') return claimSwitch(unit, block, project);
  return wantsXen(block) ? claimHost(unit, block, project, options) : unit;
}

function claimHost(host: Host, block: View, project: Project, options: Options): Host {
  if (host.disks.length > MOST_DISKS)
    throw failure('MLN_UNSUPPORTED', `${host.name}: a Xen guest has room for ${MOST_DISKS} disks`, {
      place: host.place ?? undefined,
    });
  checkHost(host, block, options);
  const disks = host.disks.map((disk, index) => ({ ...disk, device: `/dev/xvd${String.fromCharCode(97 + index)}` }));
  const joined = host.interfaces.map((each) => {
    if (each.switch !== null || each.bridge !== null) return each;
    if (options.bridge === undefined) warnOfNoBridge(each.name, block);
    return { ...each, bridge: options.bridge ?? null };
  });
  const interfaces = joined.map((each) => withDeviceName(each, host, project));
  // What a BIOS boots has a serial line; its kernel is not told of another console.
  const console = kernelOf(host, options) === null ? 'ttyS0' : 'hvc0';
  return claim(host, 'xen', {
    disks,
    interfaces,
    console,
    macPrefix: MAC_PREFIX,
    keywords: withRamdiskPath(host.keywords, block),
  });
}

/** What a card may send is filtered by the name of its other end: it has one that is known beforehand, and room for `-emu`. */
function withDeviceName(card: Interface, host: Host, project: Project): Interface {
  if (card.keywords?.['port_filter'] !== true || (card.switch === null && card.bridge === null)) return card;
  const hash = digest(['vif', project.directory, host.name, card.name].join('\0')).toString('hex');
  return { ...card, keywords: { ...card.keywords, vifname: `mln${hash.slice(0, 8)}` } };
}

/** A relative path starts at the file that names it. */
function withRamdiskPath(keywords: Host['keywords'], block: View): Host['keywords'] {
  const { ramdisk } = keywords;
  const file = block.placeOf('ramdisk')?.file;
  if (typeof ramdisk !== 'string' || file === undefined) return keywords;
  return { ...keywords, ramdisk: resolve(dirname(file), ramdisk) };
}

/** Many hosts may inherit one interface: they share the warning. What is wrong with its switch or bridge has been told. */
function warnOfNoBridge(networkInterface: string, block: View): void {
  const view = block.named('network').get(networkInterface);
  const hint = 'name a switch or a bridge, or give the xen plug-in its option bridge';
  if (view?.has('switch') || view?.has('bridge')) return;
  view?.warning('MLN_NO_NETWORK', `${networkInterface} is connected to nothing`, '', hint);
}

/** A switch takes the platform of its hosts. */
function claimSwitch(unit: Switch, block: View, project: Project): Switch {
  const connected = new Set(unit.ports.map(([host]) => host));
  const isOurs = project.hosts.some((host) => host.hypervisor === 'xen' && connected.has(host.name));
  if (!isOurs) return unit;
  checkSwitch(unit, block, project);
  return claim(unit, 'xen');
}
