import { claim, failure, type Host, type Project, type Switch, type Unit, type View } from '@mln/core';

export interface Options {
  /** The bridge of the physical host for interfaces that name neither a switch nor a bridge. */
  readonly bridge?: string;
}

/** Octets that belong to Xen, see xl-network-configuration(5). */
const MAC_PREFIX = '00:16:3e';
/** Disks that fit between xvda and xvdz. */
const MOST_DISKS = 26;

/** Claims hosts that say xen (or hvm), and the switches that they are connected to. */
export function claimUnit(unit: Unit, block: View, project: Project, options: Options): Unit {
  if (unit.kind === 'switch') return claimSwitch(unit, project);
  return isWanted(block) ? claimHost(unit, block, options) : unit;
}

/** A host with hvm runs on Xen too, unless a nearer `xen no` takes that away. */
function isWanted(block: View): boolean {
  const [xen, hvm] = [block.flag('xen'), block.flag('hvm')];
  if (xen === true || hvm !== true) return xen === true;
  const [nearXen, nearHvm] = [block.statement('xen')?.layer, block.statement('hvm')?.layer];
  return nearXen === undefined || nearHvm === undefined || nearHvm <= nearXen;
}

function claimHost(host: Host, block: View, { bridge }: Options): Host {
  if (host.disks.length > MOST_DISKS)
    throw failure('MLN_UNSUPPORTED', `${host.name}: a Xen guest has room for ${MOST_DISKS} disks`, {
      place: host.place ?? undefined,
    });
  const disks = host.disks.map((disk, index) => ({ ...disk, device: `/dev/xvd${String.fromCharCode(97 + index)}` }));
  const interfaces = host.interfaces.map((each) => {
    if (each.switch !== null || each.bridge !== null) return each;
    if (bridge === undefined) warnOfNoBridge(each.name, block);
    return { ...each, bridge: bridge ?? null };
  });
  return claim(host, 'xen', { disks, interfaces, console: 'hvc0', macPrefix: MAC_PREFIX });
}

/** Many hosts may inherit one interface: they share the warning. What is wrong with its switch or bridge has been told. */
function warnOfNoBridge(networkInterface: string, block: View): void {
  const view = block.named('network').get(networkInterface);
  const hint = 'name a switch or a bridge, or give the xen plug-in its option bridge';
  if (view?.has('switch') || view?.has('bridge')) return;
  view?.warning('MLN_NO_NETWORK', `${networkInterface} is connected to nothing`, '', hint);
}

/** A switch takes the platform of its hosts. */
function claimSwitch(unit: Switch, project: Project): Switch {
  const connected = new Set(unit.ports.map(([host]) => host));
  const ours = project.hosts.some((host) => host.hypervisor === 'xen' && connected.has(host.name));
  return ours ? claim(unit, 'xen') : unit;
}
