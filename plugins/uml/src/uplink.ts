import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  inNetwork,
  isName,
  parseAddress,
  type Address,
  type Host,
  type Interface,
  type Project,
  type Switch,
  type Value,
  type View,
} from '@mln/core';

/*
 * What connects guests with the outside beside a switch: a tap of the physical host, or slirp(1), which passes a
 * guest's connections on as those of an ordinary program. What a claim finds out is kept in the interface's keywords.
 */

/** Where interfaces go that name nothing: a tap of mln’s, slirp(1), or nowhere. */
export type Network = 'tap' | 'slirp' | 'none';

/** The programs that a switch can be. */
export type SwitchProgram = 'uml_switch' | 'vde_switch';

/** The network that slirp(1) shows to its guest: the guest itself, the way out, and the resolver. */
const SLIRP = { address: '10.0.2.15', prefix: 24, gateway: '10.0.2.2', nameserver: '10.0.2.3' };

/** A host whose interfaces say what they are connected to, where the project or the option `network` names no switch. */
export function withUplinks(host: Host, block: View, project: Project, network: Network): Host {
  const interfaces = host.interfaces.map((card) => withUplink(host, card, project, network));
  for (const card of host.interfaces) checkUplink(host, card, block);
  const slirped = interfaces.filter(usesSlirp);
  for (const { name } of slirped.slice(1)) {
    const view = block.named('network').get(name);
    const message = `${host.name}: only one interface can use slirp, and ${slirped[0]?.name ?? ''} does`;
    view?.error('MLN_UNSUPPORTED', message, view.has('slirp') ? 'slirp' : '', 'connect it to a switch');
  }
  const resolver = slirped.length > 0 && host.keywords['nameserver'] === undefined;
  const keywords = resolver ? { ...host.keywords, nameserver: SLIRP.nameserver } : host.keywords;
  return { ...host, interfaces, keywords };
}

function withUplink(host: Host, card: Interface, project: Project, network: Network): Interface {
  const { keywords = {}, switch: connected, bridge } = card;
  const says = (keyword: string): boolean => keywords[keyword] !== undefined && keywords[keyword] !== false;
  const named = connected !== null || says('tun_iface') || says('slirp');
  const generated = (): Interface => withKeyword(card, 'tun_iface', tapName(project, host.name, card.name));
  if (says('slirp')) return slirped(card);
  if (!named && (bridge !== null || says('tun_address') || network === 'tap')) return generated();
  return !named && network === 'slirp' ? slirped(withKeyword(card, 'slirp', true)) : card;
}

function withKeyword(card: Interface, keyword: string, value: Value): Interface {
  return { ...card, keywords: { ...card.keywords, [keyword]: value } };
}

/** Slirp has no DHCP server for a card without hardware addresses: its guest is told what it would answer. */
function slirped(card: Interface): Interface {
  const own: Address = { address: SLIRP.address, prefix: SLIRP.prefix, alone: true };
  const addresses = card.addresses.length > 0 ? card.addresses : [own];
  const near = addresses.some(
    ({ address, prefix }) => isIPv4(address) && inNetwork(SLIRP.gateway, { address, prefix: prefix < 0 ? 24 : prefix }),
  );
  return { ...card, addresses, dhcp: false, gateway: card.gateway ?? (near ? SLIRP.gateway : null) };
}

/** Tells whether slirp(1) connects an interface. */
export function usesSlirp({ keywords = {}, switch: connected }: Interface): boolean {
  return connected === null && keywords['slirp'] === true;
}

/** The tap of the physical host that an interface is connected to. */
export function tapOf({ keywords = {}, switch: connected }: Interface): string | null {
  const { tun_iface: tap } = keywords;
  return connected === null && tap !== undefined ? String(tap) : null;
}

/** What the physical host has as its own address on the tap of an interface, with its prefix. */
export function tapAddressOf({ keywords = {}, addresses }: Interface): string | null {
  const read = keywords['tun_address'] === undefined ? null : parseAddress(String(keywords['tun_address']));
  if (read === null || typeof read === 'string') return null;
  const neighbour = addresses.find(
    (each) => isIPv4(each.address) === isIPv4(read.address) && inNetwork(read.address, each),
  );
  return `${read.address}/${read.prefix ?? neighbour?.prefix ?? (isIPv4(read.address) ? 24 : 64)}`;
}

/** A name of 15 bytes, which is what an interface may have: the same at every build, and nobody else's. */
function tapName(project: Project, ...names: readonly string[]): string {
  const hash = createHash('sha256').update([project.directory, ...names].join('\0'));
  return `mln${hash.digest('hex').slice(0, 12)}`;
}

/** A switch that is joined to a bridge has a tap for that. */
export function withSwitchTap(unit: Switch, project: Project): Switch {
  if (unit.bridge !== null && unit.tap === null) return { ...unit, tap: tapName(project, unit.name) };
  return unit;
}

/** Checks what an interface says of its uplink, as it was written. */
function checkUplink(host: Host, { name, keywords = {}, switch: connected }: Interface, block: View): void {
  const view = block.named('network').get(name);
  const bad = (code: string, message: string, keyword: string): void => {
    view?.error(code, `${host.name}: ${message}`, keyword);
  };
  const { tun_iface: tap, tun_address: address, slirp } = keywords;
  const ofTap = tap === undefined ? 'tun_address' : 'tun_iface';
  const hasTap = (tap ?? address) !== undefined;
  if (connected !== null && hasTap)
    bad('MLN_BAD_VALUE', `${name} is connected to a switch or to a tap, not to both`, ofTap);
  else if (connected !== null && slirp === true)
    bad('MLN_BAD_VALUE', `${name} is connected to a switch or to slirp, not to both`, 'slirp');
  else if (hasTap && slirp === true)
    bad('MLN_BAD_VALUE', `${name} is connected to a tap or to slirp, not to both`, 'slirp');
  if (tap !== undefined && !isTapName(String(tap)))
    bad('MLN_BAD_NAME', `${JSON.stringify(tap)} cannot be the name of a tap`, 'tun_iface');
  const read = address === undefined ? null : parseAddress(String(address));
  if (typeof read === 'string') bad('MLN_BAD_ADDRESS', `tun_address ${String(address)}: ${read}`, 'tun_address');
}

/** Tells whether a network interface of the physical host may have this name. */
export function isTapName(name: string): boolean {
  return isName(name) && name.length <= 15;
}
