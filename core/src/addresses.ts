import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address of an interface. */
export interface Address {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
}

/** Reads `10.0.0.1` or `10.0.0.1/24` (IPv6 alike). Gives a sentence where it is neither; prefix is null where there is none. */
export function parseAddress(text: string): { address: string; prefix: number | null } | string {
  const [address = '', prefix, more] = text.split('/');
  if (isIP(address) === 0) {
    if (/^\d+(\.\d+){3}$/.test(address))
      return /(^|\.)0\d/.test(address) ? 'an octet has a leading zero' : 'an octet is larger than 255';
    return 'not an address';
  }
  const bits = isIPv4(address) ? 32 : 128;
  if (prefix === undefined) return { address: canonical(address), prefix: null };
  if (more !== undefined || !/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)
    return `a prefix length goes from 0 to ${bits}`;
  return { address: canonical(address), prefix: Number(prefix) };
}

/** Gives the prefix length of an IPv4 netmask, or a sentence where it is none. */
export function parseNetmask(text: string): number | string {
  if (!isIPv4(text)) return 'not a netmask';
  return ipaddr.IPv4.parse(text).prefixLengthFromSubnetMask() ?? 'a netmask has no holes';
}

/** Writes a prefix length as an IPv4 netmask. */
export function netmaskOf(prefix: number): string {
  return ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).toString();
}

/** The broadcast address of an IPv4 network. */
export function broadcastOf({ address, prefix }: Address): string {
  return ipaddr.IPv4.broadcastAddressFromCIDR(`${address}/${prefix}`).toString();
}

/** Says why a host cannot have this address in its network, or gives null. */
export function unusable({ address, prefix }: Address): string | null {
  if (!isIPv4(address) || prefix >= 31) return null;
  if (ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString() === address)
    return 'it is the address of the network itself';
  return broadcastOf({ address, prefix }) === address ? 'it is the broadcast address' : null;
}

/** Tells whether an address lies in the network of another. */
export function inNetwork(address: string, network: Address): boolean {
  if (isIP(address) === 0 || isIPv4(address) !== isIPv4(network.address)) return false;
  return ipaddr.parse(address).match(ipaddr.parse(network.address), network.prefix);
}

function canonical(address: string): string {
  return isIPv4(address) ? address : ipaddr.IPv6.parse(address).toRFC5952String();
}
