import { addressNumber, addressText, parseAddress, parseNetmask, type View } from '@mln/core';

/**
 * The addresses of so many hosts, with prefix: the network's, plus addresses_begin, and on. Empty where the block asks
 * for none; null where they cannot be given, which is told.
 */
export function takeAddresses(
  view: View,
  superclass: View,
  networkInterface: string,
  count: number,
): readonly string[] | null {
  const keyword = view.has('network') ? 'network' : view.has('net') ? 'net' : null;
  const asked = ['addresses', 'address'].filter((name) => view.choice(name, ['enum', 'auto']) !== null);
  if (keyword === null) {
    if (asked.length === 0) return [];
    view.error(
      'MLN_BAD_VALUE',
      'autoenum cannot count addresses out of no network',
      asked[0] ?? '',
      'write network 10.0.0.0',
    );
    return null;
  }
  const text = view.word(keyword);
  if (text === null) return null;
  const parsed = parseAddress(text);
  if (typeof parsed === 'string' || parsed.address.includes(':')) {
    const reason = typeof parsed === 'string' ? parsed : 'autoenum counts IPv4 addresses';
    view.error('MLN_BAD_ADDRESS', `${keyword} ${text}: ${reason}`, keyword);
    return null;
  }
  const begin = view.has('addresses_begin') ? view.number('addresses_begin') : 1;
  if (begin === null) return null;
  const prefix = parsed.prefix ?? inheritedPrefix(superclass, networkInterface);
  const first = addressNumber(parsed.address) + begin;
  const [least, most] = usableRange(addressNumber(parsed.address), prefix);
  if (first >= least && first + count - 1 <= most)
    return Array.from({ length: count }, (_, index) => `${addressText(first + index)}/${prefix}`);
  const room = Math.max(0, most - Math.max(first, least) + 1);
  view.error(
    'MLN_BAD_ADDRESS',
    first < least
      ? `the first address would be ${addressText(first)}, that of the network itself`
      : `${count} addresses from ${addressText(first)} on do not fit into the network: /${prefix} has room for ${room}`,
    view.has('addresses_begin') && first < least ? 'addresses_begin' : keyword,
    first < least ? 'addresses_begin 1' : 'give the interface a shorter netmask, or count out fewer hosts',
  );
  return null;
}

/** The first and the last address that a host may have; below /31 neither the network's own nor the broadcast address. */
function usableRange(base: number, prefix: number): [least: number, most: number] {
  const size = 2 ** (32 - prefix);
  const start = Math.floor(base / size) * size;
  return prefix >= 31 ? [start, start + size - 1] : [start + 1, start + size - 2];
}

/** The prefix that the superclass gives the interface, by netmask or by an address; else 24. */
function inheritedPrefix(superclass: View, networkInterface: string): number {
  const view = superclass.named('network').get(networkInterface);
  const netmask = view?.word('netmask') ?? null;
  const parsed = netmask === null ? null : parseNetmask(netmask);
  return typeof parsed === 'number' ? parsed : 24;
}
