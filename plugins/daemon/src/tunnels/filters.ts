import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Host, Interface, Project, Scripts, Unit, View } from '@mln/core';
import type { Options } from '../options.js';

/** The script of a host's folder that makes the filter and takes it away; the hypervisor's own scripts call it. */
const FILTER = 'filter';

/**
 * Before anybody claims a host: says of each of its interfaces whether it is filtered, as the interface itself says, or
 * the host, or else the option portFilter. Whoever claims it gives the interface a device that can be named (`vifname`,
 * `tun_iface`), and has its scripts call `filter`.
 */
export function withFilters(unit: Unit, { portFilter = false }: Options): Unit {
  if (unit.kind !== 'host') return unit;
  const wanted = ({ keywords }: Interface): boolean =>
    (keywords?.['port_filter'] ?? unit.keywords['port_filter'] ?? portFilter) === true;
  if (!unit.interfaces.some(wanted)) return unit;
  const interfaces = unit.interfaces.map((card) =>
    wanted(card) ? { ...card, keywords: { ...card.keywords, port_filter: true } } : card,
  );
  return { ...unit, interfaces };
}

/** When hosts are claimed: tells of interfaces that are to be filtered and have no device where that could be done. */
export function checkFilters(unit: Unit, block: View): void {
  if (unit.kind !== 'host') return;
  for (const card of unit.interfaces) {
    if (!isFiltered(card) || deviceOf(card) !== null) continue;
    const view = block.named('network').get(card.name);
    const asked = [view, block].find((each) => each?.flag('port_filter') === true);
    // Where only the option asks for it, it is for those that can be filtered.
    asked?.error(
      'MLN_UNSUPPORTED',
      `${unit.name}: ${card.name} cannot be filtered: no network interface of the physical host is its own`,
      'port_filter',
      'a card of Xen can be, and one of User-Mode Linux that is a tap (bridge NAME); a port of a switch that is a program cannot',
    );
  }
}

/** Writes the script that makes the filter of a host, and takes it away. */
export function emitFilter(unit: Unit, scripts: Scripts, project: Project): void {
  if (unit.kind !== 'host') return;
  const cards = unit.interfaces.filter((card) => isFiltered(card) && deviceOf(card) !== null);
  if (cards.length > 0) scripts.script(FILTER, filterScript(unit, cards, project));
}

function isFiltered({ keywords }: Interface): boolean {
  return keywords?.['port_filter'] === true;
}

/** The network interface of the physical host that is the other end of a card. */
function deviceOf({ keywords = {}, switch: connected }: Interface): string | null {
  const name = keywords['vifname'] ?? (connected === null ? keywords['tun_iface'] : undefined);
  return name === undefined ? null : String(name);
}

function filterScript(host: Host, cards: readonly Interface[], project: Project): string {
  const name = `${host.name}.${project.name}`;
  const hash = createHash('sha256').update(['filter', project.secret ?? '', project.name, host.name].join('\0'));
  const table = `mln_${hash.digest('hex').slice(0, 12)}`;
  const inBridges = cards.filter(isInBridge);
  const alone = cards.filter((card) => !isInBridge(card));
  const rules = [
    ...(inBridges.length > 0 ? [rulesOf('bridge', table, inBridges)] : []),
    ...(alone.length > 0 ? [rulesOf('netdev', table, alone)] : []),
  ].join('');
  return `#!/bin/sh
# Lets the cards of ${name} send as themselves alone, see nft(8). Usage: filter up|down
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
fail() {
  echo "${name}: $1" >&2
  exit 1
}
case \${1:-} in
up)
  command -v nft >/dev/null || fail "the program nft is not installed, which filters what it sends (port_filter)"
  [ "$(id -u)" = 0 ] || fail "only root may filter what it sends (port_filter)"
  nft -f - <<'END' || fail "what it sends cannot be filtered"
${rules}END
  ;;
down)
  command -v nft >/dev/null && [ "$(id -u)" = 0 ] || exit 0
  for family in bridge netdev; do
    nft delete table "$family" ${table} 2>/dev/null || :
  done
  ;;
*) fail "filter takes up or down" ;;
esac
`;
}

/** A card of Xen is in a bridge always, a tap where it names one. */
function isInBridge({ keywords = {}, bridge }: Interface): boolean {
  return keywords['vifname'] !== undefined || bridge !== null;
}

/**
 * A table of its own for each host, made anew from nothing. In a bridge devices are known by their names, so the rules are
 * there before the devices, and stay when a guest reboots; a device that is in none has rules of its own.
 */
function rulesOf(family: 'bridge' | 'netdev', table: string, cards: readonly Interface[]): string {
  const chains = cards.map(
    (card) =>
      `  chain ${chainOf(card)} {\n${rulesOfCard(card)
        .map((rule) => `    ${rule}\n`)
        .join('')}  }\n`,
  );
  const begin = (card: Interface): string => {
    const device = deviceOf(card) ?? '';
    return family === 'bridge'
      ? `    iifname { ${namesOf(card)} } jump ${chainOf(card)}\n`
      : `  chain to_${chainOf(card)} {\n    type filter hook ingress device "${device}" priority -500; policy accept;\n    jump ${chainOf(card)}\n  }\n`;
  };
  const begins = cards.map(begin).join('');
  const hook =
    family === 'bridge'
      ? `  chain sent {\n    type filter hook prerouting priority -300; policy accept;\n${begins}  }\n`
      : begins;
  return `table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
${chains.join('')}${hook}}
`;
}

/** A whole machine of Xen has a second device for each card, of the emulated one. */
function namesOf(card: Interface): string {
  const name = deviceOf(card) ?? '';
  const names = card.keywords?.['vifname'] === undefined ? [name] : [name, `${name}-emu`];
  return names.map((each) => `"${each}"`).join(', ');
}

/** A name may have characters that those of nft(8) may not. */
function chainOf({ name }: Interface): string {
  return `card_${name.replaceAll(/[^A-Za-z0-9_]/g, '_')}`;
}

/**
 * What a card may send: with its hardware address, ARP and IP from its own addresses, nothing else. One that has none, or
 * asks a DHCP server, may have any. No guest is a router of IPv6: the addresses that it would announce are not its own.
 */
function rulesOfCard({ mac, addresses, dhcp }: Interface): readonly string[] {
  const free = dhcp || addresses.length === 0;
  const four = ['0.0.0.0', ...addresses.flatMap(({ address }) => (isIPv4(address) ? [address] : []))].join(', ');
  const six = ['::', 'fe80::/10', ...addresses.flatMap(({ address }) => (isIPv4(address) ? [] : [address]))].join(', ');
  const only = (what: string): string => (free ? '' : ` ${what}`);
  return [
    ...(mac === null ? [] : [`ether saddr != ${mac} drop`]),
    `ether type arp${mac === null ? '' : ` arp saddr ether ${mac}`}${only(`arp saddr ip { ${four} }`)} accept`,
    `ether type ip${only(`ip saddr { ${four} }`)} accept`,
    'icmpv6 type nd-router-advert drop',
    `ether type ip6${only(`ip6 saddr { ${six} }`)} accept`,
    'drop',
  ];
}
