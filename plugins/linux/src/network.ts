import { isIPv4 } from 'node:net';
import { broadcastOf, netmaskOf, type Address, type Guest, type Host, type Interface } from '@mln/core';
import type { Family } from './family.js';

/** The interfaces and the resolver. */
export async function configureNetwork(guest: Guest, host: Host, family: Family): Promise<void> {
  const { nameserver } = host.keywords;
  // What stands there is often a link to a file that only a running resolver makes.
  if (typeof nameserver === 'string')
    await guest.write(
      '/etc/resolv.conf',
      nameserver
        .split(/[\s,]+/)
        .map((each) => `nameserver ${each}\n`)
        .join(''),
      { replaceLink: true, mode: 0o644 },
    );
  if (host.interfaces.length === 0) return;
  switch (family.network) {
    case 'ifupdown':
      return writeInterfaces(guest, host);
    case 'networkd':
      return writeNetworkd(guest, host);
    case 'ifcfg':
      return writeIfcfg(guest, host);
  }
}

/** interfaces(5), as ifupdown and busybox read it: one stanza for each family of addresses, the rest by `up` lines. */
async function writeInterfaces(guest: Guest, host: Host): Promise<void> {
  const stanzas = ['auto lo\niface lo inet loopback', ...host.interfaces.map(stanzasFor)];
  await guest.write('/etc/network/interfaces', `# Written by mln.\n${stanzas.join('\n\n')}\n`);
}

function stanzasFor(card: Interface): string {
  const { name, dhcp, gateway, mtu } = card;
  const [v4, v6] = byFamily(card);
  const [first, ...others] = v4;
  const [first6, ...others6] = v6;
  const gatewayLine = (four: boolean): string[] =>
    gateway !== null && isIPv4(gateway) === four ? [`    gateway ${gateway}`] : [];
  const more = [
    ...[...(dhcp ? v4 : others), ...others6].map(
      ({ address, prefix }) => `    up ip addr add ${address}/${prefix} dev ${name}`,
    ),
    ...(mtu === null ? [] : [`    up ip link set dev ${name} mtu ${mtu}`]),
  ];
  const stanzas: string[][] = [];
  if (dhcp) stanzas.push([`iface ${name} inet dhcp`]);
  else if (first)
    stanzas.push([
      `iface ${name} inet static`,
      `    address ${first.address}`,
      `    netmask ${netmaskOf(first.prefix)}`,
      ...broadcastLine(card, first),
      ...gatewayLine(true),
    ]);
  if (first6)
    stanzas.push([
      `iface ${name} inet6 static`,
      `    address ${first6.address}`,
      `    netmask ${first6.prefix}`,
      ...gatewayLine(false),
    ]);
  if (stanzas.length === 0) stanzas.push([`iface ${name} inet manual`, `    up ip link set dev ${name} up`]);
  stanzas[0]?.push(...more);
  return [`auto ${name}`, ...stanzas.map((lines) => lines.join('\n'))].join('\n');
}

/** A network of two addresses has none to spare for it, RFC 3021. */
function broadcastLine({ broadcast }: Interface, first: Address): string[] {
  const wanted = broadcast ?? (first.prefix < 31 ? broadcastOf(first) : null);
  return wanted === null ? [] : [`    broadcast ${wanted}`];
}

/** systemd.network(5). */
async function writeNetworkd(guest: Guest, host: Host): Promise<void> {
  for (const card of host.interfaces) {
    const lines = [
      '# Written by mln.',
      '[Match]',
      `Name=${card.name}`,
      '',
      ...(card.mtu === null ? [] : ['[Link]', `MTUBytes=${card.mtu}`, '']),
      '[Network]',
      ...(card.dhcp ? ['DHCP=yes'] : []),
      ...card.addresses.map(({ address, prefix }) => `Address=${address}/${prefix}`),
      ...(card.gateway === null ? [] : [`Gateway=${card.gateway}`]),
    ];
    await guest.write(`/etc/systemd/network/10-mln-${card.name}.network`, `${lines.join('\n')}\n`);
  }
  await guest.symlink(
    '/etc/systemd/system/multi-user.target.wants/systemd-networkd.service',
    '/lib/systemd/system/systemd-networkd.service',
  );
}

/** The sysconfig files of Red Hat's initscripts. */
async function writeIfcfg(guest: Guest, host: Host): Promise<void> {
  for (const card of host.interfaces) {
    const [v4, v6] = byFamily(card);
    const numbered = v4.flatMap(({ address, prefix }, index) => {
      const suffix = index === 0 ? '' : String(index);
      return [`IPADDR${suffix}=${address}`, `PREFIX${suffix}=${prefix}`];
    });
    const [first6, ...others6] = v6.map(({ address, prefix }) => `${address}/${prefix}`);
    const lines = [
      '# Written by mln.',
      `DEVICE=${card.name}`,
      'TYPE=Ethernet',
      'ONBOOT=yes',
      `BOOTPROTO=${card.dhcp ? 'dhcp' : 'none'}`,
      ...numbered,
      ...(card.gateway !== null && isIPv4(card.gateway) ? [`GATEWAY=${card.gateway}`] : []),
      ...(first6 === undefined ? [] : ['IPV6INIT=yes', `IPV6ADDR=${first6}`]),
      ...(others6.length === 0 ? [] : [`IPV6ADDR_SECONDARIES="${others6.join(' ')}"`]),
      ...(card.gateway !== null && !isIPv4(card.gateway) ? [`IPV6_DEFAULTGW=${card.gateway}`] : []),
      ...(card.mtu === null ? [] : [`MTU=${card.mtu}`]),
    ];
    await guest.write(`/etc/sysconfig/network-scripts/ifcfg-${card.name}`, `${lines.join('\n')}\n`);
  }
}

function byFamily({ addresses }: Interface): [Interface['addresses'], Interface['addresses']] {
  return [addresses.filter(({ address }) => isIPv4(address)), addresses.filter(({ address }) => !isIPv4(address))];
}
