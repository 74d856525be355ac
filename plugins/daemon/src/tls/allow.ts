import { BlockList, isIP } from 'node:net';
import { Problems } from '@mln/core';

/** IPv4 addresses that are written as IPv6 ones, RFC 4291, section 2.5.5.2. */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** The bits that stand before the IPv4 address there. */
const MAPPED_BITS = 96;
const hint = 'as 10.0.0.1, 10.0.0.0/24, 10.0.0.*, fd00::1 or fd00::/64';

/**
 * Reads which addresses may connect: single ones, networks with their prefix, and patterns such as 10.0.0.*, whose stars
 * stand at the end. All may where nothing is given. Throws MLN_BAD_CONFIGURATION, naming all that it cannot read.
 */
export function createAllowList(allow: readonly string[] | undefined): (address: string) => boolean {
  if (allow === undefined) return () => true;
  // A family each: to node an IPv4 address lies in ::/0, too.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  const problems = new Problems();
  for (const entry of allow) {
    const network = readNetwork(entry);
    if (network) lists[network.type].addSubnet(network.base, network.bits, network.type);
    else
      problems.error('MLN_BAD_CONFIGURATION', `allow: ${JSON.stringify(entry)} is neither an address nor a network`, {
        hint,
      });
  }
  problems.throwErrors();
  return (address) => {
    // Without its zone, as in fe80::1%eth0.
    const [bare = ''] = address.split('%');
    const plain = mapped.exec(bare)?.[1] ?? bare;
    const family = isIP(plain);
    return family !== 0 && lists[`ipv${family as 4 | 6}`].check(plain, `ipv${family as 4 | 6}`);
  };
}

interface Network {
  readonly base: string;
  readonly bits: number;
  readonly type: 'ipv4' | 'ipv6';
}

function readNetwork(entry: string): Network | null {
  const [base = '', prefix, ...more] = withoutStars(entry).split('/');
  const family = isIP(base);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || more.length > 0) return null;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most)) return null;
  const bits = prefix === undefined ? most : Number(prefix);
  const asIPv4 = mapped.exec(base)?.[1];
  if (asIPv4 !== undefined && bits >= MAPPED_BITS) return { base: asIPv4, bits: bits - MAPPED_BITS, type: 'ipv4' };
  return { base, bits, type: family === 4 ? 'ipv4' : 'ipv6' };
}

/** A pattern as a network: `10.0.*.*`, and `10.0.*`, are 10.0.0.0/16. */
function withoutStars(entry: string): string {
  const match = /^((?:\d{1,3}\.){0,3})\*((?:\.\*){0,3})$/.exec(entry);
  if (!match) return entry;
  const numbers = (match[1] ?? '').split('.').filter((each) => each !== '');
  const stars = 1 + (match[2] ?? '').length / 2;
  if (numbers.length + stars > 4) return entry;
  return `${[...numbers, '0', '0', '0', '0'].slice(0, 4).join('.')}/${numbers.length * 8}`;
}
