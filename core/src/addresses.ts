import { BlockList, isIP, isIPv4 } from 'node:net';
import { failure, type Place } from './errors.js';

/** An address of an interface. */
export interface Address {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
  /** It means nothing beyond its interface: others may have it too. */
  readonly alone?: true;
}

/** The prefix of an address that names none, until its neighbours have been asked. */
export const NOT_GIVEN = -1;

/** Reads `10.0.0.1` or `10.0.0.1/24` (IPv6 alike). Gives a sentence where it is neither; prefix is null where there is none. */
export function parseAddress(text: string): { address: string; prefix: number | null } | string {
  const [address = '', prefix, more] = text.split('/');
  if (isIP(address) === 0 || address.includes('%')) {
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

/** Says why a text is no address without a prefix, or gives null. */
export function addressFault(text: string): string | null {
  if (isIP(text) !== 0 && !text.includes('%')) return null;
  const reason = parseAddress(text);
  return typeof reason === 'string' ? reason : 'no prefix belongs here';
}

/** Reads an IPv4 network such as 10.0.0.0/24. Throws MLN_BAD_ADDRESS where it is none. */
export function readNetwork(text: string, place?: Place): Address {
  const read = parseAddress(text);
  if (typeof read !== 'string' && read.prefix !== null && isIPv4(read.address))
    return { address: read.address, prefix: read.prefix };
  throw failure('MLN_BAD_ADDRESS', `${text || 'nothing'} is no network such as 10.0.0.0/24`, { place });
}

/** Gives the prefix length of an IPv4 netmask, or a sentence where it is none. */
export function parseNetmask(text: string): number | string {
  if (!isIPv4(text)) return 'not a netmask';
  const ones = /^(1*)0*$/.exec(toNumber(text).toString(2).padStart(32, '0'))?.[1];
  return ones === undefined ? 'a netmask has no holes' : ones.length;
}

/** Writes a prefix length as an IPv4 netmask. */
export function netmaskOf(prefix: number): string {
  return toText(2 ** 32 - 2 ** (32 - prefix));
}

/** The broadcast address of an IPv4 network. */
export function broadcastOf({ address, prefix }: Address): string {
  return toText(firstOf(address, prefix) + 2 ** (32 - prefix) - 1);
}

/** Says why a host cannot have this address in its network, or gives null. */
export function unusable({ address, prefix }: Address): string | null {
  if (!isIPv4(address) || prefix >= 31) return null;
  if (toNumber(address) === firstOf(address, prefix)) return 'it is the address of the network itself';
  return broadcastOf({ address, prefix }) === address ? 'it is the broadcast address' : null;
}

/** The first and the last IPv4 address, as numbers, that hosts of a network may have; networks of 31 bits and more have no address of their own. */
export function usableRange({ address, prefix }: Address): readonly [first: number, last: number] {
  const [first, size] = [firstOf(address, prefix), 2 ** (32 - prefix)];
  return prefix >= 31 ? [first, first + size - 1] : [first + 1, first + size - 2];
}

/** Tells whether an address lies in the network of another. */
export function inNetwork(address: string, network: Address): boolean {
  if (isIP(address) === 0 || isIPv4(address) !== isIPv4(network.address)) return false;
  if (isIPv4(address)) return firstOf(address, network.prefix) === firstOf(network.address, network.prefix);
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, 'ipv6');
  return list.check(address, 'ipv6');
}

/** Names the network that an address lies in: the same for all IPv4 addresses of it. */
export function networkOf({ address, prefix }: Address): string {
  return `${isIPv4(address) ? toText(firstOf(address, prefix)) : address}/${prefix}`;
}

/** The first address of an IPv4 network, as a number. */
function firstOf(address: string, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(toNumber(address) / size) * size;
}

/** An IPv4 address as a number. */
export function toNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** A number as an IPv4 address. */
export function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** IPv6 in the form of RFC 5952, which URLs have too. */
function canonical(address: string): string {
  return isIPv4(address) ? address : new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
