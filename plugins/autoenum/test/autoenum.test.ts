import { expect, test } from '@jest/globals';
import { isMlnError, type Project } from '@mln/core';
import autoenum from '@mln/plugin-autoenum';
import uml from '@mln/plugin-uml';
import { readProject } from '../../../core/src/read-project.js';
import { testKernel } from '../../../test/support/test-kernel.js';

const mln = await testKernel([autoenum, [uml, { default: true }]]);

/** What a project comes to whose global block holds this, beside a superclass `node` and what else is given. */
async function resolved(inGlobal: string, others = '', scale?: string): Promise<Project> {
  const superclass = 'superclass node { memory 64M; network eth0 { switch lan } }';
  const text = `global { project p\n${inGlobal}\n}\n${superclass}\nswitch lan { }\n${others}`;
  return (await readProject(mln, '/x.mln', { text, options: { scale } })).project;
}

/** Each host as `name address server`. */
function outline({ hosts }: Project): string[] {
  return hosts.map(({ name, interfaces, serviceHost }) => {
    const addresses = interfaces.flatMap((each) => each.addresses.map(({ address, prefix }) => `${address}/${prefix}`));
    return [name, ...addresses, ...(serviceHost === null ? [] : [serviceHost])].join(' ');
  });
}

async function errors(act: Promise<Project>): Promise<string[]> {
  try {
    return outline(await act);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ code, message, place, hint }) =>
        [
          `${place ? `${place.line}:${place.column}` : '-'} ${code} ${message}`,
          ...(hint === undefined ? [] : [hint]),
        ].join(' | '),
      );
  }
}

const good: readonly [what: string, inGlobal: string, expected: readonly string[]][] = [
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
  ['no addresses', 'autoenum { superclass node; numhosts 2 }', ['node1', 'node2']],
  ['addresses begin at 1', 'autoenum { superclass node; numhosts 1; network 10.0.0.0 }', ['node1 10.0.0.1/24']],
  [
    'addresses cross an octet',
    'autoenum { superclass node; numhosts 3; network 10.0.0.0/16; addresses_begin 254 }',
    ['node1 10.0.0.254/16', 'node2 10.0.0.255/16', 'node3 10.0.1.0/16'],
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
    'autoenum { superclass node; numhosts 2; service_hosts { s 9; t 9 } }',
    ['node1 s', 'node2 s'],
  ],
];

test.each(good)('%s', async (_, inGlobal, expected) => {
  expect(outline(await resolved(inGlobal))).toEqual(expected);
});

const bad: readonly [what: string, inGlobal: string, expected: readonly string[]][] = [
  [
    'nothing is said',
    'autoenum { }',
    [
      '2:1 MLN_BAD_VALUE autoenum needs superclass: which superclass do the hosts inherit?',
      '2:1 MLN_BAD_VALUE autoenum needs numhosts: how many hosts are there?',
    ],
  ],
  [
    'no such superclass',
    'autoenum { superclass nod; numhosts 1 }',
    ['2:12 MLN_NO_SUPERCLASS there is no superclass nod | did you mean node?'],
  ],
  ['no hosts', 'autoenum { superclass node; numhosts 0 }', ['2:29 MLN_BAD_VALUE numhosts is at least 1, not 0']],
  [
    'no number',
    'autoenum { superclass node; numhosts many }',
    ['2:29 MLN_BAD_VALUE numhosts is a whole number, not many'],
  ],
  [
    'no name',
    'autoenum { superclass node; hostprefix 5; numhosts 1 }',
    ['2:29 MLN_BAD_NAME 51 cannot be the name of a host'],
  ],
  [
    'no network to count in',
    'autoenum { superclass node; numhosts 1; addresses enum }',
    ['2:41 MLN_BAD_VALUE autoenum cannot count addresses out of no network | write network 10.0.0.0'],
  ],
  [
    'a network that is none',
    'autoenum { superclass node; numhosts 1; network 10.0.0.256 }',
    ['2:41 MLN_BAD_ADDRESS network 10.0.0.256: an octet is larger than 255'],
  ],
  [
    'IPv6',
    'autoenum { superclass node; numhosts 1; network 2001:db8:: }',
    ['2:41 MLN_BAD_ADDRESS network 2001:db8::: autoenum counts IPv4 addresses'],
  ],
  [
    'the address of the network',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; addresses_begin 0 }',
    ['2:59 MLN_BAD_ADDRESS the first address would be 10.0.0.0, that of the network itself | addresses_begin 1'],
  ],
  [
    'the broadcast address',
    'autoenum { superclass node; numhosts 3; network 10.0.0.0; addresses_begin 253 }',
    [
      '2:41 MLN_BAD_ADDRESS 3 addresses from 10.0.0.253 on do not fit into the network: /24 has room for 2 | give the interface a shorter netmask, or count out fewer hosts',
    ],
  ],
  [
    'a network that is left',
    'autoenum { superclass node; numhosts 1; network 10.0.0.0; addresses_begin 256 }',
    [
      '2:41 MLN_BAD_ADDRESS 1 addresses from 10.0.1.0 on do not fit into the network: /24 has room for 0 | give the interface a shorter netmask, or count out fewer hosts',
    ],
  ],
  [
    'hosts are left over',
    'autoenum { superclass node; numhosts 4; service_hosts { s 1; t 2 } }',
    [
      '2:41 MLN_BAD_VALUE the service hosts take 3 of 4 hosts; 1 is left over | leave out a count, or give the last one all',
    ],
  ],
  [
    'counts that are none',
    'autoenum { superclass node; numhosts 4; service_hosts { s some; t 1 2; u all; v all; w } }',
    [
      '2:57 MLN_BAD_VALUE s some: a count is a number, or all',
      '2:65 MLN_BAD_VALUE a service host has a name and a count, not t 1 2',
      '2:79 MLN_BAD_VALUE v all: u takes all the rest already',
      '2:86 MLN_BAD_VALUE nothing is left for w: u takes all the rest',
    ],
  ],
  [
    'a name that is taken',
    'autoenum { superclass node; numhosts 2; hostprefix b }',
    ['2:1 MLN_TWICE b2 is the name of a host already | the other is at /x.mln:6'],
  ],
  [
    'two blocks that count out the same names',
    'autoenum { superclass node; numhosts 1 } autoenum { superclass node; numhosts 1 }',
    ['2:42 MLN_TWICE node1 is the name of a host already | the other is at /x.mln:2'],
  ],
  [
    'a variable that is not set',
    'autoenum { superclass node; numhosts $m }',
    ['2:29 MLN_NO_VARIABLE no variable $m is set here | write \\$ for a dollar'],
  ],
];

test.each(bad)('%s: an error with its place', async (_, inGlobal, expected) => {
  expect(await errors(resolved(inGlobal, 'host b2 { }'))).toEqual(expected);
});

test('the prefix is that of the inherited netmask', async () => {
  const wide = 'superclass wide { superclass node; network eth0 { netmask 255.255.0.0 } network eth1 { switch lan } }';
  const block = 'autoenum { superclass wide; numhosts 300; network 10.0.0.0 }';
  expect(outline(await resolved(block, wide)).slice(-2)).toEqual(['wide299 10.0.1.43/16', 'wide300 10.0.1.44/16']);
  const other = 'autoenum { superclass wide; numhosts 1; network 10.0.0.0; interface eth1 }';
  expect(outline(await resolved(other, wide))).toEqual(['wide1 10.0.0.1/24']);
});

const two = 'autoenum { superclass node; numhosts 5 } autoenum more { superclass node; hostprefix m; numhosts 5 }';

test.each([
  ['node=1,m=1', ['m1', 'node1']],
  ['more=2,node=1', ['m1', 'm2', 'node1']],
  ['nod=1', ['- MLN_USAGE --scale: nothing counts out nod | did you mean node?']],
  ['other=1', ['- MLN_USAGE --scale: nothing counts out other | known are node, more, m']],
  ...['node', 'node=0', 'node=-1', 'node=1.5', '', 'node=1,', '=1'].map((text): [string, string[]] => [
    text,
    [
      `- MLN_USAGE --scale takes NAME=N, not ${JSON.stringify(text === 'node=1,' ? '' : text)} | NAME is a superclass that autoenum counts out, N a number above zero`,
    ],
  ]),
])('--scale %s', async (scale, expected) => {
  expect(await errors(resolved(two, '', scale))).toEqual(expected);
});

test('equal projects come to equal hosts, which say that autoenum made them', async () => {
  const text = 'autoenum { superclass node; numhosts 20; network 10.0.0.0; service_hosts { s; t } }';
  expect(await resolved(text)).toEqual(await resolved(text));
});
