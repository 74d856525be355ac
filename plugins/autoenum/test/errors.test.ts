import { expect, test } from '@jest/globals';
import { outline } from './resolved.js';

/*
 * Blocks that cannot be meant, and what is told: place, code, sentence, hint.
 */

const bad: readonly [what: string, inGlobal: string, expected: readonly string[]][] = [
  [
    'nothing is said',
    'autoenum { }',
    [
      '2:1 MLN_BAD_VALUE autoenum needs superclass NAME: what do the hosts inherit?',
      '2:1 MLN_BAD_VALUE autoenum needs numhosts N: how many hosts are there?',
    ],
  ],
  [
    'keywords without values',
    'autoenum { superclass; numhosts; network; hostprefix }',
    [
      '2:12 MLN_BAD_VALUE superclass takes a value',
      '2:24 MLN_BAD_VALUE numhosts takes a value',
      '2:34 MLN_BAD_VALUE network takes a value',
      '2:43 MLN_BAD_VALUE hostprefix takes a value',
    ],
  ],
  [
    'no such superclass',
    'autoenum { superclass nod; numhosts 1 }',
    ['2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?'],
  ],
  ['no hosts', 'autoenum { superclass node; numhosts 0 }', ['2:29 MLN_BAD_VALUE numhosts is at least 1, not 0']],
  [
    'less than none',
    'autoenum { superclass node; numhosts -3 }',
    ['2:29 MLN_BAD_VALUE numhosts is at least 1, not -3'],
  ],
  [
    'too many',
    'autoenum { superclass node; numhosts 65537 }',
    ['2:29 MLN_BAD_VALUE numhosts is at most 65536, not 65537'],
  ],
  [
    'too many in all',
    'autoenum a { superclass node; numhosts 65536 }\nautoenum b { superclass node; numhosts 1; hostprefix n }',
    ['3:31 MLN_TOO_LARGE all autoenum blocks together count out more than 65536 hosts'],
  ],
  [
    'no number',
    'autoenum { superclass node; numhosts many }',
    ['2:29 MLN_BAD_VALUE numhosts is a whole number, not many'],
  ],
  [
    'a prefix that is none',
    'autoenum { superclass node; hostprefix 5; numhosts 1 }',
    ['2:29 MLN_BAD_NAME "51" cannot be the name of a host'],
  ],
  [
    'a name that is too long with its number',
    `autoenum { superclass node; hostprefix ${'x'.repeat(62)}; numhosts 10 }`,
    [`2:29 MLN_BAD_NAME "${'x'.repeat(62)}10" cannot be the name of a host`],
  ],
  [
    'an interface that is none',
    'autoenum { superclass node; numhosts 3; interface "a b" }',
    ['2:41 MLN_BAD_NAME "a b" cannot be the name of an interface'],
  ],
  [
    'no network to count in',
    'autoenum { superclass node; numhosts 1; addresses enum }',
    ['2:41 MLN_BAD_VALUE there is no network to take addresses from | add network 10.0.0.0'],
  ],
  [
    'addresses in another way',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; address dhcp }',
    ['2:59 MLN_BAD_VALUE address is enum, auto, not dhcp'],
  ],
  [
    'a network that is none',
    'autoenum { superclass node; numhosts 1; network 10.0.0.256 }',
    ['2:41 MLN_BAD_ADDRESS network 10.0.0.256: an octet is larger than 255'],
  ],
  [
    'a prefix length that is none',
    'autoenum { superclass node; numhosts 1; net 10.0.0.0/33 }',
    ['2:41 MLN_BAD_ADDRESS net 10.0.0.0/33: a prefix length goes from 0 to 32'],
  ],
  [
    'IPv6',
    'autoenum { superclass node; numhosts 1; network 2001:db8:: }',
    ['2:41 MLN_BAD_ADDRESS network 2001:db8::: autoenum counts IPv4 addresses only'],
  ],
  [
    'the address of the network',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; addresses_begin 0 }',
    [
      '2:59 MLN_BAD_ADDRESS the first host would get 10.0.0.0, the address of the network itself | addresses_begin 1 is the least',
    ],
  ],
  [
    'a beginning before the network',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; addresses_begin -1 }',
    ['2:59 MLN_BAD_VALUE addresses_begin is at least 0, not -1'],
  ],
  [
    'the broadcast address',
    'autoenum { superclass node; numhosts 3; network 10.0.0.0; addresses_begin 253 }',
    [
      '2:41 MLN_BAD_ADDRESS 3 hosts do not fit into 10.0.0.0/24: from 253 on it has 2 addresses | count out fewer hosts, or give the superclass a netmask with more room',
    ],
  ],
  [
    'a network that is left',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; addresses_begin 256 }',
    [
      '2:41 MLN_BAD_ADDRESS 1 host does not fit into 10.0.0.0/24: from 256 on it has 0 addresses | count out fewer hosts, or give the superclass a netmask with more room',
    ],
  ],
  [
    'the end of all addresses',
    'autoenum { superclass node; numhosts 65536; network 255.255.255.0/8 }',
    [
      '2:45 MLN_BAD_ADDRESS 65536 hosts do not fit into 255.255.255.0/8: from 1 on it has 254 addresses | count out fewer hosts, or give the superclass a netmask with more room',
    ],
  ],
  [
    'hosts are left over',
    'autoenum { superclass node; numhosts 4; service_hosts { s 1; t 2 } }',
    [
      '2:41 MLN_BAD_VALUE the service hosts take 3 of 4 hosts; 1 is left over | leave out a count, or give one of them all',
    ],
  ],
  [
    'more hosts are left over',
    'autoenum { superclass node; numhosts 4; service_hosts { s 1 } }',
    [
      '2:41 MLN_BAD_VALUE the service hosts take 1 of 4 hosts; 3 are left over | leave out a count, or give one of them all',
    ],
  ],
  [
    'counts that are none',
    'autoenum { superclass node; numhosts 4; service_hosts { s some; t 1 2; u -1; v 1.5; w } }',
    [
      '2:57 MLN_BAD_VALUE service_hosts: the number is a whole number or all, not some | a row: server [number or all]',
      '2:65 MLN_BAD_VALUE a row of service_hosts has at most 2 words, not 3 | a row: server [number or all]',
      '2:72 MLN_BAD_VALUE service_hosts: the number is a whole number or all, not -1 | a row: server [number or all]',
      '2:78 MLN_BAD_VALUE service_hosts: the number is a whole number or all, not 1.5 | a row: server [number or all]',
    ],
  ],
  [
    'all twice, and somebody besides',
    'autoenum { superclass node; numhosts 4; service_hosts { u all; v all; w } }',
    [
      '2:64 MLN_BAD_VALUE nothing is left for v: u takes all the rest',
      '2:71 MLN_BAD_VALUE nothing is left for w: u takes all the rest',
    ],
  ],
  [
    'two blocks that count out the same names',
    'autoenum { superclass node; numhosts 9 } autoenum { superclass node; numhosts 5 }',
    ['2:42 MLN_TWICE two autoenum blocks count out node1 | the other is at /x.mln:2:1; give one of them a hostprefix'],
  ],
  [
    'a block whose names run into those of another',
    'autoenum { superclass node; numhosts 12 } autoenum { superclass node; hostprefix node1; numhosts 2 }',
    ['2:43 MLN_TWICE two autoenum blocks count out node11 | the other is at /x.mln:2:1; give one of them a hostprefix'],
  ],
  [
    'a variable that is not set',
    'autoenum { superclass node; numhosts $m }',
    [
      '2:29 MLN_NO_VARIABLE no variable $m is set here | set it with $m = VALUE in global, a superclass or the host; write \\$ for a dollar',
    ],
  ],
  [
    'a block where a value belongs',
    'autoenum { superclass node; numhosts 1; network eth0 { address 10.0.0.1 } }',
    ['2:41 MLN_BAD_VALUE network takes a value, not a block'],
  ],
  [
    'all faults of one block at once',
    'autoenum { superclass nod; numhosts many; interface "a b"; network x; service_hosts { s some; u all; v all } }',
    [
      '2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?',
      '2:28 MLN_BAD_VALUE numhosts is a whole number, not many',
      '2:43 MLN_BAD_NAME "a b" cannot be the name of an interface',
      '2:60 MLN_BAD_ADDRESS network x: not an address',
      '2:87 MLN_BAD_VALUE service_hosts: the number is a whole number or all, not some | a row: server [number or all]',
      '2:102 MLN_BAD_VALUE nothing is left for v: u takes all the rest',
    ],
  ],
  [
    'a network whose size the missing superclass would tell',
    'autoenum { superclass nod; numhosts 300; network 10.0.0.0 }',
    ['2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?'],
  ],
  [
    'all faults of all blocks at once',
    'autoenum { superclass nod; numhosts 0 } autoenum { superclass node; hostprefix b; numhosts 1; network x }',
    [
      '2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?',
      '2:28 MLN_BAD_VALUE numhosts is at least 1, not 0',
      '2:95 MLN_BAD_ADDRESS network x: not an address',
    ],
  ],
];

test.each(bad)('%s', async (_, inGlobal, expected) => {
  expect(await outline(inGlobal)).toEqual(expected);
});

/** Names that the file gives to something else: each is told where it stands. */
const taken: readonly [others: string, expected: readonly string[]][] = [
  ['host node2 { }', ['6:1 MLN_TWICE node2 is the name of a host that autoenum counts out']],
  ['$x = 1\nswitch node2 { }', ['7:1 MLN_TWICE node2 is the name of a host that autoenum counts out']],
  [
    'host node1 { }\nhost node3 { }\nhost node4 { }',
    [
      '6:1 MLN_TWICE node1 is the name of a host that autoenum counts out',
      '7:1 MLN_TWICE node3 is the name of a host that autoenum counts out',
    ],
  ],
  ['host $[kind]2 { }', ['6:1 MLN_TWICE node2 is the name of a host that autoenum counts out']],
];

test.each(taken)('%s beside nodes 1 to 3', async (others, expected) => {
  const found = await outline('$kind = node; autoenum { superclass node; numhosts 3 }', { others });
  const hint = 'autoenum is at /x.mln:2:15; give it a hostprefix, or choose another name';
  expect(found).toEqual(expected.map((line) => `${line} | ${hint}`));
});

test('a network cannot have another prefix than the netmask of the superclass', async () => {
  const others = 'superclass wide { superclass node; network eth0 { netmask 255.255.0.0 } }';
  const block = 'autoenum { superclass wide; numhosts 9; network 10.0.0.0/24 }';
  const message = '2:41 MLN_BAD_ADDRESS network 10.0.0.0/24: the netmask of the superclass says /16';
  expect(await outline(block, { others })).toEqual([message]);
});

test('what is wrong with a superclass is told as everywhere', async () => {
  const others = 'superclass holes { superclass node; network eth0 { netmask 255.0.255.0 } }';
  expect(await outline('autoenum { superclass holes; numhosts 9; network 10.0.0.0 }', { others })).toEqual([
    '6:52 MLN_BAD_ADDRESS netmask 255.0.255.0: a netmask has no holes',
  ]);
});
