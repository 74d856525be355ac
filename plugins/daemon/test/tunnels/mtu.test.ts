import { expect, test } from '@jest/globals';
import { isMlnError } from '@mln/core';
import daemon from '@mln/plugin-daemon';
import uml from '@mln/plugin-uml';
import xen from '@mln/plugin-xen';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';

const card = (more = ''): string => `network eth0 {\n  switch lan\n  address 10.0.0.2/24\n  ${more}\n}`;
const far = `host far { xen; service_host b\n network eth0 { switch lan; address 10.0.0.3/24 } }`;

async function read(text: string, servers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const mln = await testKernel([xen, [uml, { default: true }], [daemon, { servers }]]);
  try {
    const project = await decided(mln, '/lab.mln', `global { project lab }\n${text}\n`);
    return project.hosts.find(({ name }) => name === 'a')?.interfaces[0]?.mtu;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, place }) => `${code} ${place?.line ?? ''}: ${message}`);
  }
}

const cases: readonly { what: string; text: string; servers?: Record<string, string>; mtu: unknown }[] = [
  { what: 'a switch on one server', text: `host a { xen\n${card()} }\nswitch lan { }`, mtu: null },
  { what: 'a switch on two', text: `host a { xen\n${card()} }\n${far}\nswitch lan { }`, mtu: 1450 },
  { what: 'a smaller one of its own', text: `host a { xen\n${card('mtu 1400')} }\n${far}\nswitch lan { }`, mtu: 1400 },
  { what: 'that of the switch', text: `host a { xen\n${card()} }\n${far}\nswitch lan { mtu 1300 }`, mtu: 1300 },
  {
    what: 'servers that are reached by IPv6',
    text: `host a { xen\n${card()} }\n${far}\nswitch lan { }`,
    servers: { b: '[fd00::3]:34001' },
    mtu: 1430,
  },
  { what: 'a bridge of others', text: `host a { xen\n${card()} }\n${far}\nswitch lan { bridge br0 }`, mtu: null },
  { what: 'vde_switches', text: `host a {\n${card()} }\n${far.replace('xen; ', '')}\nswitch lan { }`, mtu: null },
  {
    what: 'a larger one',
    text: `host a { xen\n${card('mtu 1500')} }\n${far}\nswitch lan { }`,
    mtu: ['MLN_BAD_VALUE 6: a: eth0: an mtu of 1500 does not fit into the tunnels between the servers of its switch'],
  },
  {
    what: 'a larger one of the switch',
    text: `host a { xen\n${card('mtu 1000')} }\n${far.replace('address', 'mtu 1000; address')}\nswitch lan {\n mtu 1460\n}`,
    mtu: ['MLN_BAD_VALUE 11: lan: an mtu of 1460 does not fit into the tunnels between the servers of its switch'],
  },
];

test.each(cases)('$what', async ({ text, servers, mtu }) => {
  expect(await read(text, servers)).toEqual(mtu);
});
