import { expect, test } from '@jest/globals';
import { decide } from '../src/decide.js';
import type { Project } from '../src/project.js';
import { fakeHost, fakeInterface, fakeProject } from './fake-project.js';

type Macs = Record<string, Record<string, string | null>>;

/** A project of hosts with these interfaces. */
function network(macs: Macs, macPrefix: string | null = null): Project {
  const hosts = Object.entries(macs).map(([name, interfaces]) =>
    fakeHost(name, {
      macPrefix,
      interfaces: Object.entries(interfaces).map(([each, mac]) => fakeInterface(each, { mac })),
    }),
  );
  return fakeProject({ hosts });
}

function macsOf(project: Project): Macs {
  return Object.fromEntries(
    project.hosts.map((host) => [host.name, Object.fromEntries(host.interfaces.map(({ name, mac }) => [name, mac]))]),
  );
}

const open = { a: { eth0: null, eth1: null }, b: { eth0: null } };

test('one secret gives the same addresses, another gives others', () => {
  const first = macsOf(decide(network(open), null, 's1'));
  expect(macsOf(decide(network(open), null, 's1'))).toEqual(first);
  expect(macsOf(decide(network(open), null, 's2'))).not.toEqual(first);
});

test('all addresses differ, and begin as the hypervisor says', () => {
  const macs = Object.values(macsOf(decide(network(open, '00:16:3e'), null, 's1'))).flatMap((each) =>
    Object.values(each),
  );
  expect(new Set(macs).size).toBe(3);
  for (const mac of macs) expect(mac).toMatch(/^00:16:3e(:[0-9a-f]{2}){3}$/);
  expect(macsOf(decide(network(open), null, 's1'))['a']?.['eth0']).toMatch(/^fe:fd(:[0-9a-f]{2}){4}$/);
});

test('an address does not depend on the other hosts', () => {
  const alone = macsOf(decide(network({ b: { eth0: null } }), null, 's1'));
  expect(alone['b']).toEqual(macsOf(decide(network(open), null, 's1'))['b']);
});

test('a later build keeps the secret and the addresses', () => {
  const built = decide(network({ a: { eth0: null } }), null, 's1');
  const changed = { ...built, secret: 's1', hosts: network({ a: { eth0: 'fe:fd:01:02:03:04' } }).hosts };
  const again = decide(network(open), changed, 's2');
  expect(again.secret).toBe('s1');
  expect(macsOf(again)['a']?.['eth0']).toBe('fe:fd:01:02:03:04');
});

test('an address that the file names is never changed, and given to nobody else', () => {
  const chosen = macsOf(decide(network({ a: { eth0: null } }), null, 's1'))['a']?.['eth0'] ?? '';
  const named = macsOf(decide(network({ a: { eth0: null }, z: { eth0: chosen } }), null, 's1'));
  expect(named['z']).toEqual({ eth0: chosen });
  expect(named['a']?.['eth0']).toMatch(/^fe:fd(:[0-9a-f]{2}){4}$/);
  expect(named['a']).not.toEqual(named['z']);
});

test('an address that was kept gives way to a host that names it now', () => {
  const before = network({ a: { eth0: 'fe:fd:01:02:03:04' } });
  const again = macsOf(decide(network({ a: { eth0: null }, b: { eth0: 'fe:fd:01:02:03:04' } }), before, 's1'));
  expect(again['b']).toEqual({ eth0: 'fe:fd:01:02:03:04' });
  expect(again['a']?.['eth0']).not.toBe('fe:fd:01:02:03:04');
});

test('an address is not kept under another hypervisor’s prefix', () => {
  const before = network({ a: { eth0: 'fe:fd:01:02:03:04' } });
  const moved = macsOf(decide(network({ a: { eth0: null } }, '00:16:3e'), before, 's1'));
  expect(moved['a']?.['eth0']).toMatch(/^00:16:3e:/);
});

test('two projects choose different secrets', () => {
  const secrets = [decide(fakeProject(), null).secret, decide(fakeProject(), null).secret];
  expect(secrets[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(secrets[0]).not.toBe(secrets[1]);
});
