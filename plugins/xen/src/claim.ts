import { claim, failure, type Host, type Project, type Switch, type Unit, type View } from '@mln/core';

export interface Options {
  /** The bridge of the physical host for interfaces that name neither a switch nor a bridge. */
  readonly bridge?: string;
}

/** The bridge that Xen's own scripts make. */
const USUAL_BRIDGE = 'xenbr0';
/** Octets that belong to Xen, see xl-network-configuration(5). */
const MAC_PREFIX = '00:16:3e';
/** Disks that fit between xvda and xvdz. */
const MOST_DISKS = 26;

/** Claims hosts that say xen (or hvm), and the switches that they are connected to. */
export function claimUnit(unit: Unit, block: View, project: Project, options: Options): Unit {
  if (unit.kind === 'switch') return claimSwitch(unit, project);
  return block.flag('xen') === true || block.flag('hvm') === true ? claimHost(unit, options) : unit;
}

function claimHost(host: Host, options: Options): Host {
  if (host.disks.length > MOST_DISKS)
    throw failure('MLN_UNSUPPORTED', `${host.name}: a Xen guest has room for ${MOST_DISKS} disks`, {
      place: host.place ?? undefined,
    });
  const disks = host.disks.map((disk, index) => ({ ...disk, device: `/dev/xvd${String.fromCharCode(97 + index)}` }));
  // An interface that names neither a switch nor a bridge is on the usual bridge.
  const bridge = options.bridge ?? USUAL_BRIDGE;
  const interfaces = host.interfaces.map((each) =>
    (each.switch ?? each.bridge) === null ? { ...each, bridge } : each,
  );
  return claim(host, 'xen', { disks, interfaces, console: 'hvc0', macPrefix: MAC_PREFIX });
}

/** A switch takes the platform of its hosts. */
function claimSwitch(unit: Switch, project: Project): Switch {
  const connectedHosts = new Set(unit.ports.map(([host]) => host));
  const ours = project.hosts.some((host) => host.hypervisor === 'xen' && connectedHosts.has(host.name));
  return ours ? claim(unit, 'xen') : unit;
}
