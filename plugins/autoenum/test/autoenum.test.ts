import { expect, test } from '@jest/globals';
import { outline, read } from './resolved.js';

/*
 * A block and what it comes to: hosts, their addresses, their servers. Errors are in errors.test.ts.
 */

const hosts: readonly [what: string, inGlobal: string, expected: readonly string[]][] = [
  [
    'the paper’s words',
    'autoenum { superclass node; addresses enum; addresses_begin 2; numhosts 3; network 10.0.0.0 }',
    ['node1 10.0.0.2/24', 'node2 10.0.0.3/24', 'node3 10.0.0.4/24'],
  ],
  [
    'the original’s words',
    'autoenum { superclass node; address auto; addresses_begin 7; numhosts 2; net 10.0.0.0; hostprefix n }',
    ['n1 10.0.0.7/24', 'n2 10.0.0.8/24'],
  ],
  [
    'of two spellings the last counts',
    'autoenum { superclass node; numhosts 1; net 10.0.0.0; network 10.0.1.0 } autoenum { superclass node; numhosts 1; network 10.0.1.0; net 10.0.2.0; hostprefix n }',
    ['n1 10.0.2.1/24', 'node1 10.0.1.1/24'],
  ],
  ['no addresses', 'autoenum { superclass node; numhosts 2 }', ['node1', 'node2']],
  ['node2 comes before node10', 'autoenum { superclass node; numhosts 10 }', numbered('node', 10)],
  ['addresses begin at 1', 'autoenum { superclass node; numhosts 1; network 10.0.0.0 }', ['node1 10.0.0.1/24']],
  [
    'x.y.z.255 is an address like others in a larger network',
    'autoenum { superclass node; numhosts 3; network 10.0.0.0/16; addresses_begin 254 }',
    ['node1 10.0.0.254/16', 'node2 10.0.0.255/16', 'node3 10.0.1.0/16'],
  ],
  [
    'the network may be given by one of its addresses',
    'autoenum { superclass node; numhosts 2; network 10.0.0.40; addresses_begin 0 }',
    ['node1 10.0.0.40/24', 'node2 10.0.0.41/24'],
  ],
  [
    'the last address of a network',
    'autoenum { superclass node; numhosts 2; network 10.0.0.0; addresses_begin 253 }',
    ['node1 10.0.0.253/24', 'node2 10.0.0.254/24'],
  ],
  [
    'a link of two has no broadcast address',
    'autoenum { superclass node; numhosts 2; network 10.0.0.6/31; addresses_begin 0 }',
    ['node1 10.0.0.6/31', 'node2 10.0.0.7/31'],
  ],
  [
    'the end of all addresses',
    'autoenum { superclass node; numhosts 1; network 255.255.255.0; addresses_begin 254 }',
    ['node1 255.255.255.254/24'],
  ],
  [
    'values hold variables',
    '$n = 2; $net = 10.1.2; autoenum { superclass node; numhosts $n; network $net.0; $mine = a; hostprefix $mine }',
    ['a1 10.1.2.1/24', 'a2 10.1.2.2/24'],
  ],
  [
    'several blocks stand side by side',
    'autoenum { superclass node; numhosts 1 } autoenum { superclass node; hostprefix b; numhosts 1 } autoenum third { superclass node; hostprefix c; numhosts 2 }',
    ['b1', 'c1', 'c2', 'node1'],
  ],
  [
    'several global blocks too',
    'autoenum { superclass node; numhosts 1 } } global { autoenum { superclass node; hostprefix b; numhosts 1 }',
    ['b1', 'node1'],
  ],
  [
    'servers share in turn',
    'autoenum { superclass node; numhosts 5; service_hosts { s; t } }',
    ['node1 s', 'node2 t', 'node3 s', 'node4 t', 'node5 s'],
  ],
  [
    'a server with a count takes the next so many, and those without share what is left',
    'autoenum { superclass node; numhosts 6; service_hosts { s 2; t; u 1; v } }',
    ['node1 s', 'node2 s', 'node3 u', 'node4 t', 'node5 v', 'node6 t'],
  ],
  [
    'all takes the rest',
    'autoenum { superclass node; numhosts 4; service_hosts { s all; t 1 } }',
    ['node1 t', 'node2 s', 'node3 s', 'node4 s'],
  ],
  [
    'a count may be larger than what there is',
    'autoenum { superclass node; numhosts 2; service_hosts { s 9; t 999999999 } }',
    ['node1 s', 'node2 s'],
  ],
  [
    'a server that takes nothing',
    'autoenum { superclass node; numhosts 2; service_hosts { s 0; t } }',
    ['node1 t', 'node2 t'],
  ],
  [
    'a server’s name is any word',
    'autoenum { superclass node; numhosts 1; service_hosts { "rack 1; \\$x" } }',
    ['node1 rack 1; $x'],
  ],
];

test.each(hosts)('%s', async (_, inGlobal, expected) => {
  expect(await outline(inGlobal)).toEqual(expected);
});

/** Where a network names no prefix, it is that of the interface in the superclass. */
const prefixes: readonly [superclass: string, inGlobal: string, expected: readonly string[]][] = [
  ['network eth0 { netmask 255.255.0.0 }', 'numhosts 1', ['wide1 10.0.0.1/16']],
  ['network eth0 { netmask 255.255.0.0 }', 'numhosts 1; interface eth1', ['wide1 10.0.0.1/24']],
  ['network eth1 { netmask 255.0.0.0 }', 'numhosts 1; interface eth1', ['wide1 10.0.0.1/8']],
  ['$mask = 255.255.254.0; network eth0 { netmask $mask }', 'numhosts 1', ['wide1 10.0.0.1/23']],
  ['network eth0 { address 10.0.0.9/16 }', 'numhosts 1', ['wide1 10.0.0.1/16']],
  ['network eth0 { address dhcp }', 'numhosts 1', ['wide1 10.0.0.1/24']],
  ['network eth0 { }', 'numhosts 1', ['wide1 10.0.0.1/24']],
];

test.each(prefixes)('superclass wide { %s } and %s', async (superclass, inGlobal, expected) => {
  const others = `superclass wider { network eth0 { switch lan } network eth1 { switch lan } }
superclass wide { superclass wider; ${superclass} }`;
  expect(await outline(`autoenum { superclass wide; ${inGlobal}; network 10.0.0.0 }`, { others })).toEqual(expected);
});

test('a superclass may ask for addresses itself', async () => {
  const others = 'superclass asking { superclass node; network eth0 { address dhcp } }';
  const { project } = await read('autoenum { superclass asking; numhosts 1 }', { others });
  expect(project.hosts[0]?.interfaces).toMatchObject([{ addresses: [], dhcp: true, switch: 'lan' }]);
});

test.each([254, 65_000])('%d hosts, one after the other', async (count) => {
  const block = `autoenum { superclass node; numhosts ${count}; network 10.0.0.0/16; service_hosts { s 100; t; u } }`;
  const found = (await read(block)).project.hosts;
  expect(found).toHaveLength(count);
  expect(new Set(found.map(({ interfaces }) => interfaces[0]?.addresses[0]?.address)).size).toBe(count);
  const third = Math.floor(count / 256);
  expect(found.at(-1)).toMatchObject({
    name: `node${count}`,
    interfaces: [{ addresses: [{ address: `10.0.${third}.${count % 256}`, prefix: 16 }] }],
    serviceHost: 'u',
  });
});

test('the same text always comes to the same hosts', async () => {
  const text = 'autoenum { superclass node; numhosts 20; network 10.0.0.0; service_hosts { s; t } }';
  const [first, second] = [await read(text), await read(text)];
  expect(first.tree).toEqual(second.tree);
  expect(first.project).toEqual(second.project);
});

test('every value stands where it comes from, and autoenum has made it', async () => {
  const block = 'autoenum {\nsuperclass node\nnumhosts 2\nnetwork 10.0.0.0\nservice_hosts {\ns\nt\n}\n}';
  const made = (await read(block)).tree.items.filter((item) => item.kind === 'block' && item.keyword === 'host');
  const lines = made.flatMap((host) => [host, ...(host.kind === 'block' ? host.items : [])]);
  expect(
    lines.map((item) => ('keyword' in item ? [item.keyword, ...item.words, item.place?.line].join(' ') : '')),
  ).toEqual([
    ...['host node1 2', 'superclass node 3', 'service_host s 7', 'network eth0 2'],
    ...['host node2 2', 'superclass node 3', 'service_host t 8', 'network eth0 2'],
  ]);
  expect(lines.map(({ origin }) => origin)).toEqual(lines.map(() => ({ plugin: 'autoenum' })));
});

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
