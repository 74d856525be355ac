import { isIPv4 } from 'node:net';
import { addressFault, NOT_GIVEN, parseAddress, parseNetmask, type Address } from './addresses.js';
import { isName, namePattern } from './names.js';
import type { Interface } from './project.js';
import type { Statement } from './tree.js';
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
  const addresses = rows.flatMap((row) => (isDhcp(row) ? [] : (readAddress(row, netmask, view) ?? [])));
  return {
    name,
    ...readConnection(view),
    addresses,
    dhcp: rows.some(isDhcp),
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

/** What is written for an address, and where. */
export interface AddressRow extends Found<Statement> {
  /** Null where one of them cannot be read, which is told. */
  readonly words: readonly string[] | null;
}

/** The addresses of the nearest block that has any; one may stand alone, without `address`. */
export function addressRows(view: View): readonly AddressRow[] {
  for (const [layer, block] of view.layers.entries()) {
    const rows = block.items.flatMap((item): AddressRow[] => {
      if (item.kind !== 'statement') return [];
      const bare = bareAddress(item, 'network');
      if (!bare && item.keyword !== 'address') return [];
      const read = bare ? { ...item, keyword: 'address', words: [item.keyword] } : item;
      return [{ words: view.read({ item: read, layer }), item, layer }];
    });
    if (rows.length > 0) return rows;
  }
  return [];
}

function isDhcp({ words }: AddressRow): boolean {
  return words?.length === 1 && words[0]?.toLowerCase() === 'dhcp';
}

function readAddress(row: AddressRow, netmask: number | null, view: View): Address | null {
  const { words } = row;
  if (!words) return null;
  const bad = (message: string): null => {
    view.error('MLN_BAD_ADDRESS', message, row);
    return null;
  };
  const wrong = (reason: string): null => bad(`address ${words.join(' ')}: ${reason}`);
  if (words.length === 0) return bad('address takes an address, or dhcp');
  if (words.length > 1) return wrong('one address is expected');
  const parsed = parseAddress(words[0] ?? '');
  if (typeof parsed === 'string') return wrong(parsed);
  const mask = isIPv4(parsed.address) ? netmask : null;
  if (parsed.prefix !== null && mask !== null && parsed.prefix !== mask) return wrong(`the netmask says /${mask}`);
  return { address: parsed.address, prefix: parsed.prefix ?? mask ?? NOT_GIVEN };
}

function readNetmask(view: View): number | null {
  const text = view.word('netmask');
  if (text === null) return null;
  const prefix = parseNetmask(text);
  if (typeof prefix === 'number') return prefix;
  const hint = /^\d+$/.test(text) ? 'write netmask 255.255.255.0, or address 10.0.0.2/24' : undefined;
  view.error('MLN_BAD_ADDRESS', `netmask ${text}: ${prefix}`, 'netmask', hint);
  return null;
}

function readIp(view: View, keyword: string): string | null {
  const text = view.word(keyword);
  const fault = text === null ? null : addressFault(text);
  if (fault === null) return text;
  view.error('MLN_BAD_ADDRESS', `${keyword} ${text ?? ''}: ${fault}`, keyword);
  return null;
}
