import { expect, test } from '@jest/globals';
import { isMlnError, type Interface, type Mln } from '@mln/core';
import uml from '@mln/plugin-uml';
import { readProject, type ReadProject } from '../../../core/src/read-project.js';
import { scratchFolder } from '../../../core/test/scratch.js';
import { testKernel } from '../../../test/support/test-kernel.js';

/*
 * What connects an interface beside a switch: where the project says nothing of it, the plug-in's options do.
 */

interface Options {
  readonly network?: string;
  readonly switch?: string;
}

const kernel = (options: Options = {}, projects = '/projects'): Promise<Mln> =>
  testKernel([[uml, { default: true, ...options }]], { projects });

const read = (mln: Mln, body: string, rehearse = false): Promise<ReadProject> =>
  readProject(mln, '/x.mln', { text: `global { project p }\n${body}`, rehearse });

/** What is doubtful or wrong with a project. */
async function told(body: string, options: Options): Promise<string[]> {
  try {
    const { warnings } = await read(await kernel(options), body);
    return warnings.map(({ code, message }) => `warning ${code} ${message}`);
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, place }) => `${place?.line ?? ''} ${code} ${message}`);
  }
}

const wrong: readonly [body: string, options: Options, expected: readonly string[]][] = [
  ['host a { network eth1 { } }', { network: 'none' }, ['warning MLN_NO_NETWORK eth1 is connected to nothing']],
  ['host a { network eth1 { slirp no } }', {}, ['warning MLN_NO_NETWORK eth1 is connected to nothing']],
  ['host a { network eth1 { } }\nhost b { network eth1 { } }', { network: 'slirp' }, []],
  [
    'host a { network eth0 { tun_iface tap0; switch s } }\nswitch s { }',
    {},
    ['2 MLN_BAD_VALUE a: eth0 is connected to a switch or to a tap, not to both'],
  ],
  [
    'host a { network eth0 { slirp; switch s } }\nswitch s { }',
    {},
    ['2 MLN_BAD_VALUE a: eth0 is connected to a switch or to slirp, not to both'],
  ],
  [
    'host a { network eth0 { slirp; tun_iface tap0 } }',
    {},
    ['2 MLN_BAD_VALUE a: eth0 is connected to a tap or to slirp, not to both'],
  ],
  [
    'host a { network eth0 { slirp }\nnetwork eth1 { } }',
    { network: 'slirp' },
    ['3 MLN_UNSUPPORTED a: only one interface can use slirp, and eth0 does'],
  ],
  [
    'host a { network eth0 { tun_iface "t 0"; tun_address 10.0.0.256 } }',
    {},
    [
      '2 MLN_BAD_NAME a: "t 0" cannot be the name of a tap',
      '2 MLN_BAD_ADDRESS a: tun_address 10.0.0.256: an octet is larger than 255',
    ],
  ],
  ['switch s { tap "t;0" }', {}, ['2 MLN_BAD_NAME s: "t;0" cannot be the name of a tap']],
  [
    'switch s { socket /x; hub; vde; tap t; bridge b }',
    {},
    ['tap', 'bridge', 'hub', 'vde'].map(
      (each) => `2 MLN_BAD_VALUE s: a switch that others run (socket) cannot be given ${each} here`,
    ),
  ],
];

test.each(wrong)('%s, options %j', async (body, options, expected) => {
  const problems = await told(body, options);
  expect([...problems].sort()).toEqual([...expected].sort());
});

/** The first interface of host a, as it is claimed. */
async function card(network: string, options: Options = {}, projects = '/projects'): Promise<Interface | undefined> {
  const body = `host a { network eth0 { ${network} } }\nswitch s { }`;
  return (await read(await kernel(options, projects), body)).project.hosts[0]?.interfaces[0];
}

test('a tap that is not named has a name of its own, the same at every build', async () => {
  const name = (await card('address 10.0.0.2/24', { network: 'tap' }))?.keywords?.['tun_iface'];
  expect(name).toMatch(/^mln[0-9a-f]{12}$/);
  expect((await card('bridge br0'))?.keywords).toEqual({ tun_iface: name });
  expect((await card('tun_address 10.0.0.1'))?.keywords).toEqual({ tun_iface: name, tun_address: '10.0.0.1' });
  expect((await card('', { network: 'tap' }, '/elsewhere'))?.keywords?.['tun_iface']).not.toBe(name);
  expect((await card('tun_iface t', { network: 'slirp' }))?.keywords).toEqual({ tun_iface: 't' });
  expect((await card('switch s', { network: 'tap' }))?.keywords).toBeUndefined();
});

const slirped = [
  { network: 'slirp', addresses: ['10.0.2.15/24'], gateway: '10.0.2.2' },
  { network: 'slirp; address dhcp', addresses: ['10.0.2.15/24'], gateway: '10.0.2.2' },
  { network: 'slirp; address 10.0.2.77/24', addresses: ['10.0.2.77/24'], gateway: '10.0.2.2' },
  { network: 'slirp; address 192.168.7.7/24', addresses: ['192.168.7.7/24'], gateway: null },
];

test.each(slirped)('$network is $addresses by $gateway', async ({ network, addresses, gateway }) => {
  const found = await card(network);
  expect(found).toMatchObject({ dhcp: false, gateway, keywords: { slirp: true } });
  expect(found?.addresses.map(({ address, prefix }) => `${address}/${prefix}`)).toEqual(addresses);
});

test('slirp’s resolver is for hosts that name none', async () => {
  const body = 'host a { network eth0 { slirp } }\nhost b { nameserver 10.0.0.9; network eth0 { slirp } }\nhost c { }';
  const { project } = await read(await kernel(), body);
  expect(project.hosts.map(({ keywords }) => keywords['nameserver'])).toEqual(['10.0.2.3', '10.0.0.9', undefined]);
});

test('a switch is what it says, or else what the option says; one that is joined to a bridge has a tap', async () => {
  const body = 'switch a { }\nswitch b { vde no }\nswitch c { vde; bridge br0 }\nswitch d { socket /x }';
  const kinds = async (options: Options): Promise<unknown[]> =>
    (await read(await kernel(options), body)).project.switches.map(({ keywords }) => keywords['vde']);
  expect(await kinds({})).toEqual([undefined, false, true, undefined]);
  expect(await kinds({ switch: 'vde_switch' })).toEqual([true, false, true, undefined]);
  const { project } = await read(await kernel(), body);
  expect(project.switches.map(({ tap }) => tap)).toEqual([
    null,
    null,
    expect.stringMatching(/^mln[0-9a-f]{12}$/),
    null,
  ]);
});

test('what plug-ins know of an interface is kept with it, and left out of a rehearsal', async () => {
  const mln = await kernel({ network: 'tap' }, scratchFolder());
  const body = 'host a { network eth0 { tun_iface tap0 }\nnetwork eth1 { slirp } }\nswitch s { tap t; bridge b }';
  const { project } = await read(mln, body);
  expect(project.hosts[0]?.interfaces[0]?.keywords).toEqual({ tun_iface: 'tap0' });
  const rehearsed = (await read(mln, body, true)).project;
  for (const each of rehearsed.hosts[0]?.interfaces ?? []) {
    expect(each).toMatchObject({ switch: 'default', bridge: null, addresses: [] });
    expect(each).not.toHaveProperty('keywords');
  }
  for (const each of rehearsed.switches) expect(each).toMatchObject({ tap: null, bridge: null });
});
