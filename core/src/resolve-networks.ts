import { isIP, isIPv4 } from 'node:net';
import { inNetwork, parseAddress, parseNetmask, unusable, type Address } from './addresses.js';
import type { Place, Problems } from './errors.js';
import { isName, namePattern } from './names.js';
import type { Interface, Project } from './project.js';
import { bareAddress } from './unknown.js';
import { nearest } from './values.js';
import type { Row, View } from './view.js';

/** A prefix of -1 stands for "not given" until checkNetworks has asked the neighbours. */
const NOT_GIVEN = -1;

export function resolveInterface(name: string, view: View, problems: Problems): Interface {
  if (!isName(name) || name.length > 15)
    problems.error('MLN_BAD_NAME', `${JSON.stringify(name)} cannot be the name of an interface`, {
      place: view.place,
      hint: `${namePattern}; an interface’s at most 15`,
    });
  const netmask = readNetmask(view, problems);
  const rows = addressRows(view);
  const dhcp = rows.some(({ words }) => words[0]?.toLowerCase() === 'dhcp');
  const addresses = rows.flatMap(({ words, place }) =>
    words[0]?.toLowerCase() === 'dhcp' ? [] : (readAddress(words, netmask, place, problems) ?? []),
  );
  const mac = view.word('mac');
  if (mac !== null && !/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(mac))
    problems.error('MLN_BAD_VALUE', `mac ${mac} is not the address of one card`, {
      place: view.placeOf('mac'),
      hint: 'six pairs of hexadecimal digits, the first one even, as fe:fd:00:00:00:01',
    });
  const [connected, bridge] = [view.word('switch'), view.word('bridge')];
  return {
    name,
    switch: connected,
    bridge: connected === null ? bridge : null,
    addresses,
    dhcp,
    gateway: readIp(view, 'gateway', problems),
    broadcast: readIp(view, 'broadcast', problems),
    mac: mac?.toLowerCase() ?? null,
    mtu: readMtu(view, problems),
    place: view.place ?? null,
  };
}

/** Checks what one interface cannot know alone, and gives addresses without a prefix that of their neighbours. */
export function checkNetworks(project: Project, problems: Problems): Project {
  const segments = new Map<string, { address: Address; host: string; place: Place | null }[]>();
  for (const host of project.hosts)
    for (const each of host.interfaces) {
      const segment = each.switch ?? each.bridge;
      if (segment === null) continue;
      const known = segments.get(segment) ?? [];
      known.push(...each.addresses.map((address) => ({ address, host: host.name, place: each.place })));
      segments.set(segment, known);
    }
  const prefixOf = (each: Interface, address: Address): number => {
    if (address.prefix !== NOT_GIVEN) return address.prefix;
    const sameFamily = (segments.get(each.switch ?? each.bridge ?? '') ?? []).filter(
      (other) => isIPv4(other.address.address) === isIPv4(address.address),
    );
    const given = new Set(sameFamily.map((other) => other.address.prefix).filter((prefix) => prefix !== NOT_GIVEN));
    const [only] = given;
    if (given.size === 1 && only !== undefined) return only;
    const usual = isIPv4(address.address) ? 24 : 64;
    problems.warning('MLN_NO_PREFIX', `${address.address} has no prefix or netmask; /${usual} is taken`, {
      place: each.place ?? undefined,
      hint: `write ${address.address}/${usual}`,
    });
    return usual;
  };
  const hosts = project.hosts.map((host) => ({
    ...host,
    interfaces: host.interfaces.map((each) => {
      const addresses = each.addresses.map((address) => ({ ...address, prefix: prefixOf(each, address) }));
      checkAddresses({ ...each, addresses }, problems);
      return { ...each, addresses };
    }),
  }));
  checkTwice(segments, problems);
  return { ...project, hosts };
}

/** Checks that every switch that an interface names is declared. */
export function checkSwitches(project: Project, problems: Problems): void {
  const names = new Set(project.switches.map((known) => known.name));
  for (const host of project.hosts)
    for (const each of host.interfaces)
      if (each.switch !== null && !names.has(each.switch)) noSwitch(each, each.switch, [...names], problems);
}

function noSwitch(each: Interface, name: string, names: readonly string[], problems: Problems): void {
  const guess = nearest(name, names);
  problems.error('MLN_NO_SWITCH', `no switch named ${name}`, {
    place: each.place ?? undefined,
    hint: guess
      ? `did you mean ${guess}?`
      : names.length > 0
        ? `known switches are ${names.join(', ')}`
        : `add switch ${name} { }`,
  });
}

function checkAddresses(each: Interface, problems: Problems): void {
  const place = each.place ?? undefined;
  for (const address of each.addresses) {
    const reason = unusable(address);
    if (reason)
      problems.error('MLN_BAD_ADDRESS', `${address.address}/${address.prefix} cannot be a host’s address: ${reason}`, {
        place,
      });
  }
  const { gateway } = each;
  const family = each.addresses.filter((address) => gateway !== null && isIPv4(address.address) === isIPv4(gateway));
  if (gateway !== null && family.length > 0 && !family.some((address) => inNetwork(gateway, address)))
    problems.error(
      'MLN_BAD_ADDRESS',
      `the gateway ${gateway} is not in the network of ${family.map((address) => `${address.address}/${address.prefix}`).join(', ')}`,
      { place },
    );
}

function checkTwice(
  segments: ReadonlyMap<string, readonly { address: Address; host: string; place: Place | null }[]>,
  problems: Problems,
): void {
  const elsewhere = new Map<string, string>();
  for (const uses of segments.values()) {
    const here = new Map<string, string>();
    for (const { address, host, place } of uses) {
      const neighbour = here.get(address.address);
      const other = neighbour ?? elsewhere.get(address.address);
      here.set(address.address, host);
      if (other === undefined) continue;
      const message = `${host} and ${other} both have ${address.address}`;
      if (neighbour === undefined) problems.warning('MLN_ADDRESS_TWICE', message, { place: place ?? undefined });
      else problems.error('MLN_ADDRESS_TWICE', message, { place: place ?? undefined });
    }
    for (const [address, host] of here) elsewhere.set(address, host);
  }
}

function addressRows(view: View): readonly Row[] {
  for (const layer of view.layers) {
    const rows = layer.items.flatMap((item): Row[] => {
      if (item.kind !== 'statement') return [];
      if (item.keyword === 'address') return [{ words: view.read(item), place: item.place }];
      return bareAddress(item, 'network') ? [{ words: [item.keyword], place: item.place }] : [];
    });
    if (rows.length > 0) return rows;
  }
  return [];
}

function readAddress(
  words: readonly string[],
  netmask: number | null,
  place: Place | null,
  problems: Problems,
): Address | null {
  const bad = (message: string): null => {
    problems.error('MLN_BAD_ADDRESS', `address ${words.join(' ')}: ${message}`, { place: place ?? undefined });
    return null;
  };
  if (words.length !== 1) return bad('one address is expected');
  const parsed = parseAddress(words[0] ?? '');
  if (typeof parsed === 'string') return bad(parsed);
  const mask = isIPv4(parsed.address) ? netmask : null;
  if (parsed.prefix !== null && mask !== null && parsed.prefix !== mask) return bad(`the netmask says /${mask}`);
  return { address: parsed.address, prefix: parsed.prefix ?? mask ?? NOT_GIVEN };
}

function readNetmask(view: View, problems: Problems): number | null {
  const text = view.word('netmask');
  if (text === null) return null;
  const prefix = parseNetmask(text);
  if (typeof prefix === 'number') return prefix;
  problems.error('MLN_BAD_ADDRESS', `netmask ${text}: ${prefix}`, { place: view.placeOf('netmask') });
  return null;
}

/** From what IPv4 asks of every link, RFC 791, to what an IP packet can hold. */
function readMtu(view: View, problems: Problems): number | null {
  const mtu = view.number('mtu');
  if (mtu === null || (mtu >= 68 && mtu <= 65535)) return mtu;
  problems.error('MLN_BAD_VALUE', `mtu ${mtu} is not between 68 and 65535`, { place: view.placeOf('mtu') });
  return null;
}

function readIp(view: View, keyword: string, problems: Problems): string | null {
  const text = view.word(keyword);
  if (text === null || (isIP(text) !== 0 && !text.includes('%'))) return text;
  const reason = parseAddress(text);
  problems.error(
    'MLN_BAD_ADDRESS',
    `${keyword} ${text}: ${typeof reason === 'string' ? reason : 'no prefix belongs here'}`,
    { place: view.placeOf(keyword) },
  );
  return null;
}
