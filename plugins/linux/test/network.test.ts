import { expect, test } from '@jest/globals';
import { configure, oneHost } from './configure.js';
import { fakeFilesystem, written } from './fake-filesystem.js';

const templates = {
  ifupdown: '--- /bin/busybox\n',
  networkd: '--- /usr/lib/systemd/systemd\n',
  ifcfg: '--- /etc/sysconfig/network-scripts/\n',
};
const files = {
  ifupdown: '/etc/network/interfaces',
  networkd: '/etc/systemd/network/10-mln-eth0.network',
  ifcfg: '/etc/sysconfig/network-scripts/ifcfg-eth0',
};
/** What every such file begins with. */
const begins = {
  ifupdown: '# Written by mln.\nauto lo\niface lo inet loopback\n\nauto eth0\n',
  networkd: '# Written by mln.\n[Match]\nName=eth0\n\n',
  ifcfg: '# Written by mln.\nDEVICE=eth0\nTYPE=Ethernet\nONBOOT=yes\n',
};
type Kind = keyof typeof templates;

interface Case extends Readonly<Record<Kind, string>> {
  readonly name: string;
  readonly network: string;
}

const cases: readonly Case[] = [
  {
    name: 'one address',
    network: 'address 10.0.0.1/24',
    ifupdown: 'iface eth0 inet static\n    address 10.0.0.1\n    netmask 255.255.255.0\n    broadcast 10.0.0.255\n',
    networkd: '[Network]\nAddress=10.0.0.1/24\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.1\nPREFIX=24\n',
  },
  {
    name: 'a gateway',
    network: 'address 10.0.0.1/24; gateway 10.0.0.254',
    ifupdown:
      'iface eth0 inet static\n    address 10.0.0.1\n    netmask 255.255.255.0\n    broadcast 10.0.0.255\n    gateway 10.0.0.254\n',
    networkd: '[Network]\nAddress=10.0.0.1/24\nGateway=10.0.0.254\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.1\nPREFIX=24\nGATEWAY=10.0.0.254\n',
  },
  {
    name: 'dhcp',
    network: 'address dhcp',
    ifupdown: 'iface eth0 inet dhcp\n',
    networkd: '[Network]\nDHCP=yes\n',
    ifcfg: 'BOOTPROTO=dhcp\n',
  },
  {
    name: 'no address',
    network: 'mtu 9000',
    ifupdown: 'iface eth0 inet manual\n    up ip link set dev eth0 up\n    up ip link set dev eth0 mtu 9000\n',
    networkd: '[Link]\nMTUBytes=9000\n\n[Network]\n',
    ifcfg: 'BOOTPROTO=none\nMTU=9000\n',
  },
  {
    name: 'three addresses',
    network: 'address 10.0.0.1/24; address 10.0.1.1/25; address 10.0.2.1/26',
    ifupdown:
      'iface eth0 inet static\n    address 10.0.0.1\n    netmask 255.255.255.0\n    broadcast 10.0.0.255\n' +
      '    up ip addr add 10.0.1.1/25 dev eth0\n    up ip addr add 10.0.2.1/26 dev eth0\n',
    networkd: '[Network]\nAddress=10.0.0.1/24\nAddress=10.0.1.1/25\nAddress=10.0.2.1/26\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.1\nPREFIX=24\nIPADDR1=10.0.1.1\nPREFIX1=25\nIPADDR2=10.0.2.1\nPREFIX2=26\n',
  },
  {
    name: 'only IPv6, two addresses and a gateway',
    network: 'address 2001:db8::1/64; address 2001:db8:1::1/48; gateway 2001:db8::fe',
    ifupdown:
      'iface eth0 inet6 static\n    address 2001:db8::1\n    netmask 64\n    gateway 2001:db8::fe\n' +
      '    up ip addr add 2001:db8:1::1/48 dev eth0\n',
    networkd: '[Network]\nAddress=2001:db8::1/64\nAddress=2001:db8:1::1/48\nGateway=2001:db8::fe\n',
    ifcfg:
      'BOOTPROTO=none\nIPV6INIT=yes\nIPV6ADDR=2001:db8::1/64\nIPV6ADDR_SECONDARIES="2001:db8:1::1/48"\n' +
      'IPV6_DEFAULTGW=2001:db8::fe\n',
  },
  {
    name: 'both families',
    network: 'address 10.0.0.1/24; address 2001:db8::1/64; gateway 10.0.0.254',
    ifupdown:
      'iface eth0 inet static\n    address 10.0.0.1\n    netmask 255.255.255.0\n    broadcast 10.0.0.255\n' +
      '    gateway 10.0.0.254\niface eth0 inet6 static\n    address 2001:db8::1\n    netmask 64\n',
    networkd: '[Network]\nAddress=10.0.0.1/24\nAddress=2001:db8::1/64\nGateway=10.0.0.254\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.1\nPREFIX=24\nGATEWAY=10.0.0.254\nIPV6INIT=yes\nIPV6ADDR=2001:db8::1/64\n',
  },
  {
    name: 'a network of two addresses has no broadcast',
    network: 'address 10.0.0.0/31',
    ifupdown: 'iface eth0 inet static\n    address 10.0.0.0\n    netmask 255.255.255.254\n',
    networkd: '[Network]\nAddress=10.0.0.0/31\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.0\nPREFIX=31\n',
  },
  {
    name: 'an unusual broadcast address',
    network: 'address 10.0.0.1/24; broadcast 10.0.0.127',
    ifupdown: 'iface eth0 inet static\n    address 10.0.0.1\n    netmask 255.255.255.0\n    broadcast 10.0.0.127\n',
    networkd: '[Network]\nAddress=10.0.0.1/24\n',
    ifcfg: 'BOOTPROTO=none\nIPADDR=10.0.0.1\nPREFIX=24\n',
  },
];

const table = cases.flatMap((each) =>
  (Object.keys(templates) as Kind[]).map((kind) => ({
    kind,
    name: each.name,
    network: each.network,
    text: each[kind],
  })),
);

test.each(table)('$kind: $name', async ({ kind, network, text }) => {
  const project = `${oneHost(`network eth0 { switch lan; ${network} }`)}switch lan { }\n`;
  const edits = await configure(project, fakeFilesystem(templates[kind]));
  expect(written(edits, files[kind])).toBe(begins[kind] + text);
});

test('a host without interfaces keeps what its template says of them', async () => {
  const edits = await configure(oneHost('nameserver 10.0.0.1'), fakeFilesystem(templates.ifupdown));
  expect(written(edits, files.ifupdown)).toBeNull();
  expect(written(edits, '/etc/resolv.conf')).toBe('nameserver 10.0.0.1\n');
});

const resolvers = [
  ['nameserver 10.0.0.1', 'nameserver 10.0.0.1\n'],
  ['nameserver 10.0.0.1 10.0.0.2', 'nameserver 10.0.0.1\nnameserver 10.0.0.2\n'],
  ['nameserver 10.0.0.1,2001:db8::1', 'nameserver 10.0.0.1\nnameserver 2001:db8::1\n'],
] as const;

test.each(resolvers)('%s', async (body, expected) => {
  const filesystem = fakeFilesystem(
    `${templates.ifupdown}--- /etc/resolv.conf -> /run/resolv.conf\n--- /run/resolv.conf\nnameserver 127.0.0.53\n`,
  );
  const edits = await configure(oneHost(body), filesystem);
  expect(written(edits, '/etc/resolv.conf')).toBe(expected);
  await filesystem.apply(edits);
  expect(filesystem.nodes.get('/etc/resolv.conf')?.type).toBe('file');
  expect(filesystem.nodes.get('/run/resolv.conf')?.content.toString()).toBe('nameserver 127.0.0.53\n');
});

const hostsCases = [
  {
    name: 'neighbours come first, and others by what they have',
    hosts:
      'host gw { network eth0 { switch a; address 10.0.1.1/24 } }\n' +
      'host far { network eth0 { switch b; address 10.0.9.9/24 } }\n' +
      'host near { network eth0 { switch b; address 10.0.9.1/24 } network eth1 { switch a; address 10.0.1.2/24 } }\n',
    expected: '10.0.1.1 gw\n10.0.1.2 near\n10.0.9.9 far\n10.0.9.1 near\n',
  },
  {
    name: 'a host without an address finds itself',
    hosts:
      'host gw { network eth0 { switch a; address dhcp } }\nhost www { network eth0 { switch b; address 10.0.0.1/24 } }\n',
    expected: '10.0.0.1 www\n127.0.1.1 gw\n',
  },
];

test.each(hostsCases)('hosts: $name', async ({ hosts, expected }) => {
  const template = `${templates.ifupdown}--- /etc/hosts\n127.0.0.1 localhost\n`;
  const project = `global { project lab }\n${hosts}switch a { }\nswitch b { }\n`;
  const edits = await configure(project, fakeFilesystem(template), 'gw');
  expect(written(edits, '/etc/hosts')).toBe(`127.0.0.1 localhost\n# mln hosts begin\n${expected}# mln hosts end\n`);
});
