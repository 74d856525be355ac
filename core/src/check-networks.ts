import { isIPv4 } from 'node:net';
import { inNetwork, NOT_GIVEN, parseAddress, unusable, type Address } from './addresses.js';
import type { Place, Problems } from './errors.js';
import type { Host, Interface, Project } from './project.js';
import { checkSwitches, interfaceView, type Views } from './check-switches.js';
import { placeHint } from './place-text.js';
import { addressRows } from './resolve-interface.js';
import type { Found, View } from './view.js';

/** Checks what one interface cannot know alone, and gives addresses without a prefix that of their neighbours. */
export function checkNetworks(project: Project, views: Views, problems: Problems): Project {
  const prefixes = givenPrefixes(project);
  const hosts = project.hosts.map((host) => ({
    ...host,
    interfaces: host.interfaces.map((each) => {
      const view = interfaceView(host, each, views);
      const addresses = each.addresses.map((address) =>
        withPrefix(address, familyKey(host, each, address), prefixes, view),
      );
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

function familyKey(host: Host, each: Interface, { address }: Address): string {
  return `${segmentOf(host, each)}\0${isIPv4(address) ? 4 : 6}`;
}

function givenPrefixes(project: Project): Prefixes {
  const given = new Map<string, Set<number>>();
  for (const host of project.hosts)
    for (const each of host.interfaces)
      for (const address of each.addresses) {
        if (address.prefix === NOT_GIVEN || (each.switch === null && each.bridge === null)) continue;
        const key = familyKey(host, each, address);
        const known = given.get(key);
        if (known) known.add(address.prefix);
        else given.set(key, new Set([address.prefix]));
      }
  return given;
}

function withPrefix(address: Address, family: string, prefixes: Prefixes, view: View | undefined): Address {
  if (address.prefix !== NOT_GIVEN) return address;
  const given = prefixes.get(family);
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
  if (each.gateway !== null) checkGateway(each.gateway, each, view);
}

function checkGateway(gateway: string, { addresses, dhcp }: Interface, view: View | undefined): void {
  const bad = (message: string): void => view?.error('MLN_BAD_ADDRESS', `the gateway ${gateway} ${message}`, 'gateway');
  const family = addresses.filter(({ address }) => isIPv4(address) === isIPv4(gateway));
  const networks = addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(', ');
  if (family.some((address) => inNetwork(gateway, address))) return;
  if (family.length > 0) bad(`is not in the network of ${networks}`);
  else if (dhcp || (view && addressRows(view).length > addresses.length)) return;
  else if (addresses.length === 0) bad('is of no use: the interface has no address');
  else bad(`cannot be reached from ${networks}: one is IPv4, the other IPv6`);
}

/** Checks the interfaces of superclasses that nobody uses, as far as they say all of their addresses. */
export function checkUnusedNetworks(superclasses: readonly Host[], project: Project, views: Views): void {
  checkSwitches({ ...project, hosts: superclasses }, views);
  for (const each of superclasses)
    for (const card of each.interfaces)
      if (card.addresses.length > 0 && card.addresses.every(({ prefix }) => prefix !== NOT_GIVEN))
        checkAddresses(card, interfaceView(each, card, views));
}

/** One address of a host. */
interface Taken {
  readonly host: Host;
  readonly each: Interface;
  readonly address: Address;
}

function checkTwice(hosts: readonly Host[], views: Views, problems: Problems): void {
  const here = new Map<string, Taken>();
  const anywhere = new Map<string, Taken>();
  const placeOf = ({ host, each, address }: Taken): Place | undefined => {
    const view = interfaceView(host, each, views);
    return view?.placeOf(statementOf(address, view));
  };
  for (const host of hosts)
    for (const each of host.interfaces)
      for (const address of each.addresses) {
        if (address.alone) continue;
        const key = `${segmentOf(host, each)}\0${address.address}`;
        const neighbour = here.get(key);
        const other = neighbour ?? anywhere.get(address.address);
        const taken = { host, each, address };
        here.set(key, taken);
        anywhere.set(address.address, taken);
        if (!other) continue;
        const message =
          other.host === host
            ? `${host.name} has ${address.address} twice`
            : `${host.name} and ${other.host.name} both have ${address.address}`;
        const details = { place: placeOf(taken), hint: `the other is at ${placeHint({ place: placeOf(other) })}` };
        if (neighbour === undefined) problems.warning('MLN_ADDRESS_TWICE', message, details);
        else problems.error('MLN_ADDRESS_TWICE', message, details);
      }
}

/** Where an address stands: behind `address`, or alone. */
function statementOf({ address }: Address, view: View): Found | string {
  const known = statements.get(view) ?? addressStatements(view);
  statements.set(view, known);
  return known.get(address) ?? 'address';
}

const statements = new WeakMap<View, ReadonlyMap<string, Found>>();

/** The first statement of each address. */
function addressStatements(view: View): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const row of addressRows(view)) {
    const read = parseAddress(row.words?.[0] ?? '');
    if (typeof read !== 'string' && !found.has(read.address)) found.set(read.address, row);
  }
  return found;
}
