import { expect, test } from '@jest/globals';
import daemon from '@mln/plugin-daemon';
import uml from '@mln/plugin-uml';
import { decided, testKernel } from '../../../../test/support/test-kernel.js';
import { deviceOf, numbersFor } from '../../src/tunnels/numbers.js';
import { isTunnelled, memberOf, othersOf, ownPlace, shapeOf } from '../../src/tunnels/shape.js';

async function read(lan: string, home: string | null, servers: readonly (string | null)[]) {
  const mln = await testKernel([[uml, { default: true }], daemon]);
  const hosts = servers.map(
    (server, index) =>
      `host h${index} { ${server === null ? '' : `service_host ${server}; `}network eth0 { switch lan; address 10.0.0.${index + 1}/24 } }`,
  );
  const project = {
    ...(await decided(mln, '/lab.mln', `global { project lab }\nswitch lan { ${lan} }\n${hosts.join('\n')}\n`)),
    home,
  };
  const [unit] = project.switches;
  if (!unit) throw new Error('there is no switch');
  return { project, unit };
}

const shapes: readonly {
  lan?: string;
  home: string | null;
  hosts: readonly (string | null)[];
  servers: readonly (string | null)[];
  centre: string;
  tunnelled?: false;
}[] = [
  { home: 'a', hosts: ['c', 'b'], servers: ['b', 'c'], centre: 'b' },
  { home: 'c', hosts: ['c', 'b'], servers: ['b', 'c'], centre: 'c' },
  { home: 'c', hosts: [null, 'b'], servers: ['b', 'c'], centre: 'c' },
  { lan: 'service_host b', home: 'c', hosts: ['c', 'b'], servers: ['b', 'c'], centre: 'b' },
  { lan: 'service_host d', home: 'c', hosts: ['c', 'b'], servers: ['b', 'c', 'd'], centre: 'd' },
  { home: null, hosts: [null, 'b'], servers: [null, 'b'], centre: 'b' },
  { home: '~alice', hosts: [null, 'c', 'b'], servers: ['b', 'c', '~alice'], centre: 'b' },
  { lan: 'socket /run/other', home: 'a', hosts: [null, 'b'], servers: ['a', 'b'], centre: 'a', tunnelled: false },
  { lan: 'bridge br0', home: 'a', hosts: [null, 'b'], servers: ['a', 'b'], centre: 'a', tunnelled: false },
  { home: 'a', hosts: ['a', null], servers: ['a'], centre: 'a', tunnelled: false },
];

test.each(shapes)(
  'hosts $hosts of home $home, $lan',
  async ({ lan = '', home, hosts, servers, centre, tunnelled = true }) => {
    const { project, unit } = await read(lan, home, hosts);
    expect(shapeOf(unit, project)).toEqual({ servers, centre });
    expect(isTunnelled(unit, project)).toBe(tunnelled);
  },
);

test('who is who among the servers of a switch', () => {
  const shape = { servers: [null, 'b', 'c'], centre: 'b' };
  expect(ownPlace(shape, 'b')).toBe('b');
  expect(ownPlace(shape, 'x')).toBeNull();
  expect(ownPlace({ servers: ['b', 'c'], centre: 'b' }, 'x')).toBeUndefined();
  expect(ownPlace({ servers: ['b', 'c'], centre: 'b' }, null)).toBeUndefined();
  expect(othersOf({ servers: ['b', 'c', '~alice'], centre: 'b' }, 'c')).toEqual(['b']);

  const there = { servers: ['b', 'c', '~alice', '~d'], centre: 'b' };
  expect(memberOf(there, { kind: 'server', name: 'c' })).toBe('c');
  expect(memberOf(there, { kind: 'server', name: 'd' })).toBe('~d');
  expect(memberOf(there, { kind: 'server', name: 'x' })).toBeNull();
  expect(memberOf(there, { kind: 'user', name: 'alice' })).toBe('~alice');
  // A user who is called as a server is.
  expect(memberOf(there, { kind: 'user', name: 'c' })).toBeNull();
  expect(memberOf(there, { kind: 'local', name: 'c' })).toBeNull();
  expect(memberOf(there, null)).toBeNull();
});

test('numbers fit into 24 bits, differ from switch to switch, and are the same everywhere', () => {
  const of = (secret: string, name: string): number[] => [...numbersFor({ name: 'lab', secret }, { name })];
  const numbers = of('one', 'lan');
  expect(numbers).toEqual(of('one', 'lan'));
  expect(numbers).toHaveLength(64);
  expect(new Set(numbers).size).toBe(64);
  for (const number of numbers) {
    expect(number).toBeGreaterThan(0);
    expect(number).toBeLessThan(2 ** 24);
  }
  expect(of('one', 'wan')[0]).not.toBe(numbers[0]);
  expect(of('other', 'lan')[0]).not.toBe(numbers[0]);
  expect(deviceOf({ name: 'lab', secret: 'one' }, { name: 'lan' })).toMatch(/^mlnx[0-9a-f]{11}$/);
  expect(deviceOf({ name: 'lab', secret: 'one' }, { name: 'lan' })).not.toBe(
    deviceOf({ name: 'lab', secret: 'other' }, { name: 'lan' }),
  );
});
