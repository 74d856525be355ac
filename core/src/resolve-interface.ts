import { isIP, isIPv4 } from 'node:net';
import { NOT_GIVEN, parseAddress, parseNetmask, type Address } from './addresses.js';
import { isName, namePattern } from './names.js';
import type { Interface } from './project.js';
import { bareAddress } from './unknown.js';
import type { Found, View } from './view.js';

/** Reads one interface of a host. Prefixes that it does not give are for checkNetworks to find. */
export function resolveInterface(name: string, view: View): Interface {
  if (!isName(name) || name.length > 15)
    view.error(
      'MLN_BAD_NAME',
      `${JSON.stringify(name)} cannot be the name of an interface`,
      '',
      `${namePattern}; an interface’s at most 15`,
    );
  const netmask = readNetmask(view);
  const rows = addressRows(view);
  const dhcp = rows.some(({ words: [first] }) => first?.toLowerCase() === 'dhcp');
  const addresses = rows.flatMap(({ words, keyword }) =>
    words[0]?.toLowerCase() === 'dhcp' ? [] : (readAddress(words, netmask, keyword, view) ?? []),
  );
  return {
    name,
    ...readConnection(view),
    addresses,
    dhcp,
    gateway: readIp(view, 'gateway'),
    broadcast: readIp(view, 'broadcast'),
    mac: readMac(view),
    mtu: view.number('mtu'),
    place: view.place ?? null,
  };
}

/** A switch or a bridge: the nearer one, where one of them is inherited. */
function readConnection(view: View): Pick<Interface, 'switch' | 'bridge'> {
  const [nearSwitch, nearBridge] = [view.statement('switch'), view.statement('bridge')];
  const near = (found: Found | null): number => found?.layer ?? Infinity;
  if (nearSwitch && near(nearSwitch) === near(nearBridge))
    view.error('MLN_BAD_VALUE', 'an interface is connected to a switch or to a bridge, not to both', 'bridge');
  const bySwitch = near(nearSwitch) < Infinity && near(nearSwitch) <= near(nearBridge);
  return bySwitch ? { switch: view.word('switch'), bridge: null } : { switch: null, bridge: view.word('bridge') };
}

function readMac(view: View): string | null {
  const mac = view.word('mac');
  if (mac !== null && !/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(mac))
    view.error(
      'MLN_BAD_VALUE',
      `mac ${mac} is not the address of one card`,
      'mac',
      'six pairs of hexadecimal digits, the first one even, as fe:fd:00:00:00:01',
    );
  return mac?.toLowerCase() ?? null;
}

/** The addresses of the nearest block that has any; one may stand alone, without `address`. */
function addressRows(view: View): readonly { words: readonly string[]; keyword: string }[] {
  for (const [layer, block] of view.layers.entries()) {
    const rows = block.items.flatMap((item) => {
      if (item.kind !== 'statement') return [];
      if (bareAddress(item, 'network')) return [{ words: [item.keyword], keyword: item.keyword }];
      const words = item.keyword === 'address' ? view.read({ item, layer }) : null;
      return words ? [{ words, keyword: 'address' }] : [];
    });
    if (rows.length > 0) return rows;
  }
  return [];
}

function readAddress(words: readonly string[], netmask: number | null, keyword: string, view: View): Address | null {
  const bad = (message: string): null => {
    view.error('MLN_BAD_ADDRESS', `address ${words.join(' ')}: ${message}`, keyword);
    return null;
  };
  if (words.length !== 1) return bad('one address is expected');
  const parsed = parseAddress(words[0] ?? '');
  if (typeof parsed === 'string') return bad(parsed);
  const mask = isIPv4(parsed.address) ? netmask : null;
  if (parsed.prefix !== null && mask !== null && parsed.prefix !== mask) return bad(`the netmask says /${mask}`);
  return { address: parsed.address, prefix: parsed.prefix ?? mask ?? NOT_GIVEN };
}

function readNetmask(view: View): number | null {
  const text = view.word('netmask');
  if (text === null) return null;
  const prefix = parseNetmask(text);
  if (typeof prefix === 'number') return prefix;
  view.error('MLN_BAD_ADDRESS', `netmask ${text}: ${prefix}`, 'netmask');
  return null;
}

function readIp(view: View, keyword: string): string | null {
  const text = view.word(keyword);
  if (text === null || (isIP(text) !== 0 && !text.includes('%'))) return text;
  const reason = parseAddress(text);
  const message = typeof reason === 'string' ? reason : 'no prefix belongs here';
  view.error('MLN_BAD_ADDRESS', `${keyword} ${text}: ${message}`, keyword);
  return null;
}
