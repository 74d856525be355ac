import { isIP } from 'node:net';
import type { Interface, Project, Unit, View } from '@mln/core';
import { readAddress } from '../client/address.js';
import type { Options } from '../options.js';
import { isTunnelled } from './shape.js';

/** What fits into a VXLAN over an Ethernet whose packets have 1500 bytes, by the version of IP that carries it. */
export const VXLAN_MTU = { 4: 1450, 6: 1430 } as const;

/**
 * Interfaces of guests whose switch is a bridge with parts on several servers, joined by VXLANs, have an mtu that fits into
 * these. What says more itself is an error: its packets would be lost without a word. Between vde_switches anything fits.
 */
export function withTunnelMtu(unit: Unit, block: View, project: Project, options: Options): Unit {
  const most = mostOf(options);
  if (unit.kind === 'switch') {
    if (isBridge(unit.hypervisor) && isTunnelled(unit, project)) checkMtu(unit.mtu, most, unit.name, block);
    return unit;
  }
  if (!isBridge(unit.hypervisor)) return unit;
  const spread = project.switches.filter((each) => isTunnelled(each, project));
  const fitted = (card: Interface): Interface => {
    const connected = spread.find(({ name }) => name === card.switch);
    if (!connected) return card;
    checkMtu(card.mtu, most, `${unit.name}: ${card.name}`, block.named('network').get(card.name) ?? block);
    return { ...card, mtu: card.mtu ?? Math.min(most, connected.mtu ?? most) };
  };
  return spread.length === 0 ? unit : { ...unit, interfaces: unit.interfaces.map(fitted) };
}

function checkMtu(mtu: number | null, most: number, who: string, view: View): void {
  if (mtu !== null && mtu > most)
    view.error(
      'MLN_BAD_VALUE',
      `${who}: an mtu of ${mtu} does not fit into the tunnels between the servers of its switch`,
      'mtu',
      `it may be ${most}`,
    );
}

/** Switches of User-Mode Linux are programs; all others are bridges. */
function isBridge(hypervisor: string | null): boolean {
  return hypervisor !== null && hypervisor !== 'uml';
}

/** Servers that are known by addresses of IPv6 are reached by it; names say nothing. */
function mostOf({ servers = {}, listen = [] }: Options): number {
  const hosts = [...Object.values(servers), ...listen].flatMap((each) => readAddress(each)?.host ?? []);
  return hosts.some((host) => isIP(host) === 6 && host !== '::') ? VXLAN_MTU[6] : VXLAN_MTU[4];
}
