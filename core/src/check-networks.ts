import { isIPv4 } from 'node:net';
import { inNetwork, NOT_GIVEN, parseAddress, unusable, type Address } from './addresses.js';
import type { Problems } from './errors.js';
import type { Host, Interface, Project } from './project.js';
import { nearest } from './values.js';
import type { Found, View } from './view.js';

/** The views of hosts and switches, by name: they know where values stand. */
type Views = ReadonlyMap<string, View>;

/** Checks that every switch that an interface names is declared. */
export function checkSwitches(project: Project, views: Views): void {
  const names = new Set(project.switches.map((known) => known.name));
  for (const host of project.hosts)
    for (const each of host.interfaces) {
      if (each.switch === null || names.has(each.switch)) continue;
      const guess = nearest(each.switch, names);
      const hint = guess
        ? `did you mean ${guess}?`
        : names.size > 0
          ? `known switches are ${[...names].join(', ')}`
          : `add switch ${each.switch} { }`;
      viewOf(host, each, views)?.error('MLN_NO_SWITCH', `no switch named ${each.switch}`, 'switch', hint);
    }
}

/** Checks what one interface cannot know alone, and gives addresses without a prefix that of their neighbours. */
export function checkNetworks(project: Project, views: Views, problems: Problems): Project {
  const prefixes = givenPrefixes(project);
  const hosts = project.hosts.map((host) => ({
    ...host,
    interfaces: host.interfaces.map((each) => {
      const view = viewOf(host, each, views);
      const addresses = each.addresses.map((address) => withPrefix(address, each, prefixes, view));
      checkAddresses({ ...each, addresses }, view);
      return { ...each, addresses };
    }),
  }));
  checkTwice(hosts, views, problems);
  return { ...project, hosts };
}

/** What connects interfaces: a switch, a bridge; an interface that names neither is alone. */
function segmentOf(host: Host, each: Interface): string {
  if (each.switch !== null) return `switch ${each.switch}`;
  return each.bridge === null ? `${host.name} ${each.name}` : `bridge ${host.serviceHost ?? ''} ${each.bridge}`;
}

/** The prefixes that the addresses of a segment name, for IPv4 and IPv6 apart. */
type Prefixes = ReadonlyMap<string, ReadonlySet<number>>;

function familyKey(connected: Interface, { address }: Address): string {
  return `${connected.switch ?? ''}\0${connected.bridge ?? ''}\0${isIPv4(address) ? 4 : 6}`;
}

function givenPrefixes(project: Project): Prefixes {
  const given = new Map<string, Set<number>>();
  for (const host of project.hosts)
    for (const each of host.interfaces)
      for (const address of each.addresses) {
        if (address.prefix === NOT_GIVEN || (each.switch === null && each.bridge === null)) continue;
        const key = familyKey(each, address);
        const known = given.get(key);
        if (known) known.add(address.prefix);
        else given.set(key, new Set([address.prefix]));
      }
  return given;
}

function withPrefix(address: Address, each: Interface, prefixes: Prefixes, view: View | undefined): Address {
  if (address.prefix !== NOT_GIVEN) return address;
  const given = prefixes.get(familyKey(each, address));
  const [only] = given ?? [];
  if (only !== undefined && given?.size === 1) return { ...address, prefix: only };
  const usual = isIPv4(address.address) ? 24 : 64;
  // A netmask that cannot be right has been told.
  if (usual === 24 && view?.has('netmask')) return { ...address, prefix: usual };
  view?.warning(
    'MLN_NO_PREFIX',
    `${address.address} has no prefix or netmask; /${usual} is taken`,
    statementOf(address, view),
    `write ${address.address}/${usual}`,
  );
  return { ...address, prefix: usual };
}

function checkAddresses(each: Interface, view: View | undefined): void {
  for (const address of each.addresses) {
    const reason = unusable(address);
    const message = `${address.address}/${address.prefix} cannot be a host’s address: ${reason ?? ''}`;
    if (reason) view?.error('MLN_BAD_ADDRESS', message, statementOf(address, view));
  }
  const { gateway } = each;
  const family = each.addresses.filter((address) => gateway !== null && isIPv4(address.address) === isIPv4(gateway));
  if (gateway === null || family.length === 0 || family.some((address) => inNetwork(gateway, address))) return;
  const networks = family.map((address) => `${address.address}/${address.prefix}`).join(', ');
  view?.error('MLN_BAD_ADDRESS', `the gateway ${gateway} is not in the network of ${networks}`, 'gateway');
}

function checkTwice(hosts: readonly Host[], views: Views, problems: Problems): void {
  const here = new Map<string, string>();
  const anywhere = new Map<string, string>();
  for (const host of hosts)
    for (const each of host.interfaces)
      for (const address of each.addresses) {
        const key = `${segmentOf(host, each)}\0${address.address}`;
        const neighbour = here.get(key);
        const other = neighbour ?? anywhere.get(address.address);
        here.set(key, host.name);
        anywhere.set(address.address, host.name);
        if (other === undefined) continue;
        const view = viewOf(host, each, views);
        const place = view?.placeOf(statementOf(address, view));
        const message =
          other === host.name
            ? `${host.name} has ${address.address} twice`
            : `${host.name} and ${other} both have ${address.address}`;
        if (neighbour === undefined) problems.warning('MLN_ADDRESS_TWICE', message, { place });
        else problems.error('MLN_ADDRESS_TWICE', message, { place });
      }
}

/** Where an address stands: behind `address`, or alone. */
function statementOf({ address }: Address, view: View): Found | string {
  for (const [layer, block] of view.layers.entries())
    for (const item of block.items) {
      if (item.kind !== 'statement') continue;
      const word = item.keyword === 'address' ? view.read({ item, layer })?.[0] : item.keyword;
      const read = word === undefined ? '' : parseAddress(word);
      if (typeof read !== 'string' && read.address === address) return { item, layer };
    }
  return 'address';
}

function viewOf(host: Host, each: Interface, views: Views): View | undefined {
  return views.get(host.name)?.named('network').get(each.name);
}
