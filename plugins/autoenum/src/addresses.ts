import { addressNumber, addressText, parseAddress, parseNetmask, usableRange, type View } from '@mln/core';

/**
 * The addresses of so many hosts, with prefix: the network's, plus addresses_begin, and on; inherited is their interface
 * in the superclass. Empty where the block asks for none; null where they cannot be given, which is told, or where it is
 * not known how many there are.
 */
export function takeAddresses(
  view: View,
  inherited: View | null | undefined,
  count: number | null,
): readonly string[] | null {
  const asked = ['addresses', 'address'].filter((name) => view.choice(name, ['enum', 'auto']) !== null);
  const keyword = lastOf(view, ['network', 'net']);
  if (keyword === null) {
    const [first] = asked;
    if (first === undefined) return [];
    view.error('MLN_BAD_VALUE', 'there is no network to take addresses from', first, 'add network 10.0.0.0');
    return null;
  }
  const network = readNetwork(view, keyword, inherited ?? undefined);
  const begin = view.has('addresses_begin') ? view.number('addresses_begin') : 1;
  if (!network || begin === null || count === null) return null;
  const { base, prefix } = network;
  const [least, most] = usableRange({ address: addressText(base), prefix });
  const first = base + begin;
  if (first >= least && first + count - 1 <= most)
    return Array.from({ length: count }, (_, index) => `${addressText(first + index)}/${prefix}`);
  if (first < least)
    view.error(
      'MLN_BAD_ADDRESS',
      `the first host would get ${addressText(first)}, the address of the network itself`,
      'addresses_begin',
      `addresses_begin ${least - base} is the least`,
    );
  else
    view.error(
      'MLN_BAD_ADDRESS',
      `${count} ${count === 1 ? 'host does' : 'hosts do'} not fit into ${addressText(base)}/${prefix}: from ${begin} on it has ${Math.max(0, most - first + 1)} addresses`,
      keyword,
      'count out fewer hosts, or give the superclass a netmask with more room',
    );
  return null;
}

/** Of spellings of one keyword the last in its block counts, as everywhere. */
function lastOf(view: View, spellings: readonly string[]): string | null {
  const items = view.layers.flatMap((layer) => layer.items);
  const found = items.findLast((item) => item.kind === 'statement' && spellings.includes(item.keyword));
  return found?.kind === 'statement' ? found.keyword : null;
}

/** Reads the network as a number, with its prefix: its own, or that of the interface in the superclass, or 24. */
function readNetwork(
  view: View,
  keyword: string,
  inherited: View | undefined,
): { readonly base: number; readonly prefix: number } | null {
  const text = view.word(keyword);
  if (text === null) return null;
  const bad = (reason: string): null => {
    view.error('MLN_BAD_ADDRESS', `${keyword} ${text}: ${reason}`, keyword);
    return null;
  };
  const parsed = parseAddress(text);
  if (typeof parsed === 'string') return bad(parsed);
  if (parsed.address.includes(':')) return bad('autoenum counts IPv4 addresses only');
  const netmask = inheritedNetmask(inherited);
  if (parsed.prefix !== null && netmask !== null && parsed.prefix !== netmask)
    return bad(`the netmask of the superclass says /${netmask}`);
  return { base: addressNumber(parsed.address), prefix: parsed.prefix ?? netmask ?? inheritedPrefix(inherited) ?? 24 };
}

/** A netmask that is none is told when the hosts are read. */
function inheritedNetmask(inherited: View | undefined): number | null {
  const text = inherited?.word('netmask') ?? null;
  const prefix = text === null ? null : parseNetmask(text);
  return typeof prefix === 'number' ? prefix : null;
}

function inheritedPrefix(inherited: View | undefined): number | null {
  const parsed = parseAddress(inherited?.words('address')?.[0] ?? '');
  return typeof parsed === 'string' || parsed.address.includes(':') ? null : parsed.prefix;
}
