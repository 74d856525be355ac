import { expect, test } from '@jest/globals';
import { isMlnError, type Mln } from '@mln/core';
import uml from '@mln/plugin-uml';
import { decide } from '../../../core/src/decide.js';
import { operate } from '../../../core/src/operate.js';
import { readProject, type ReadProject } from '../../../core/src/read-project.js';
import { scratchFolder } from '../../../core/test/scratch.js';
import { testKernel } from '../../../test/support/test-kernel.js';

/*
 * What connects an interface beside a switch, and disks that are shared: read and planned, and refused by a build.
 */

const kernel = (network?: unknown): Promise<Mln> =>
  testKernel([[uml, { default: true, ...(network === undefined ? {} : { network }) }]], { projects: scratchFolder() });

const read = (mln: Mln, body: string, rehearse = false): Promise<ReadProject> =>
  readProject(mln, '/x.mln', { text: `global { project p }\n${body}`, rehearse });

/** Warnings and errors of a project as they are told; then, where there are none, those of its build. */
async function told(body: string, network?: string): Promise<string[]> {
  const mln = await kernel(network);
  try {
    const { project, warnings } = await read(mln, body);
    if (warnings.length > 0) return warnings.map(({ code, message }) => `warning ${code} ${message}`);
    await operate(mln, 'build', decide(project, null, 'fixed'), { source: '' }, () => undefined);
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return error.problems.map(({ code, message, place }) => `${place?.line ?? ''} ${code} ${message}`);
  }
}

const unbuilt = (what: string): string =>
  `2 MLN_UNSUPPORTED ${what}, but does not build it`.replace(': ', ': this version of mln reads and plans ');

const cases: readonly [body: string, network: string | undefined, expected: readonly string[]][] = [
  ['host a { cow_filesystem base }', undefined, [unbuilt('a: cow_filesystem')]],
  ['host a { network eth0 { tun_iface tap0 } }', undefined, [unbuilt('a: tun_iface (eth0)')]],
  ['host a { network eth0 { tun_address 10.0.0.254 } }', 'none', [unbuilt('a: tun_address (eth0)')]],
  ['host a { network eth1 { } }', 'tap', [unbuilt('a: the option network: tap (eth1)')]],
  ['host a { network eth1 { } }', 'slirp', [unbuilt('a: the option network: slirp (eth1)')]],
  ['host a { network eth1 { } }', 'none', ['warning MLN_NO_NETWORK eth1 is connected to nothing']],
  [
    'host a { network eth0 { tun_iface tap0; switch s } }\nswitch s { }',
    undefined,
    ['2 MLN_BAD_VALUE a: eth0 is connected to a switch or to a tap, not to both'],
  ],
  [
    'host a { network eth0 { tun_iface "t 0"; tun_address 10.0.0.256 } }',
    undefined,
    [
      '2 MLN_BAD_NAME a: "t 0" cannot be the name of a tap',
      '2 MLN_BAD_ADDRESS a: tun_address 10.0.0.256: an octet is larger than 255',
    ],
  ],
];

test.each(cases)('%s, network %s', async (body, network, expected) => {
  expect(await told(body, network)).toEqual(expected);
});

test('all that a build refuses is told at once', async () => {
  const body = 'host a { cow_filesystem base; network eth0 { tun_iface t } }\nhost b { network eth0 { } }';
  expect(await told(body, 'tap')).toHaveLength(3);
});

test('what plug-ins know of an interface is kept with it, and left out of a rehearsal', async () => {
  const mln = await kernel();
  const body = 'host a { cow_filesystem base; network eth0 { tun_iface tap0 } }';
  const { project } = await read(mln, body);
  expect(project.hosts[0]?.interfaces[0]?.keywords).toEqual({ tun_iface: 'tap0' });
  const rehearsed = (await read(mln, body, true)).project.hosts[0];
  expect(rehearsed?.interfaces[0]).toMatchObject({ switch: 'default' });
  expect(rehearsed?.interfaces[0]).not.toHaveProperty('keywords');
  expect(rehearsed?.keywords).not.toHaveProperty('cow_filesystem');
});

test('an option network that is none is refused', async () => {
  await expect(kernel('vde')).rejects.toMatchObject({ code: 'MLN_BAD_CONFIGURATION' });
});
