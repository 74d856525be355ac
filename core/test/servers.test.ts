import { expect, test } from '@jest/globals';
import type { Switch } from '../src/project.js';
import { isHere, serversOf, spreadSwitches } from '../src/servers.js';
import { fakeHost, fakeInterface, fakeProject, fakeSwitch } from './fake-project.js';

const kafe = fakeProject({
  home: 'gateway1',
  hosts: [
    fakeHost('gw', { interfaces: [fakeInterface('eth0')] }),
    fakeHost('www1', { serviceHost: 'backend3', interfaces: [fakeInterface('eth0')] }),
    fakeHost('www2', { serviceHost: 'backend4', interfaces: [fakeInterface('eth0', { switch: 'dmz' })] }),
  ],
});
const on = (name: string, ...hosts: readonly string[]): Switch =>
  fakeSwitch(name, { ports: hosts.map((host) => [host, 'eth0'] as const) });

test.each<[string, Switch, readonly (string | null)[]]>([
  ['without hosts', on('empty'), ['gateway1']],
  ['with hosts at home and elsewhere', on('lan', 'gw', 'www1'), ['gateway1', 'backend3']],
  ['with hosts elsewhere alone', on('dmz', 'www2'), ['backend4']],
  ['that names a server of its own', { ...on('dmz', 'www2'), serviceHost: 'backend3' }, ['backend3', 'backend4']],
  ['that names its home', { ...on('dmz', 'gw'), serviceHost: 'gateway1' }, ['gateway1']],
])('a switch %s', (_what, unit, servers) => {
  expect(serversOf(unit, kafe)).toEqual(servers);
  expect(spreadSwitches({ ...kafe, switches: [unit] })).toEqual(servers.length > 1 ? [unit.name] : []);
});

test.each<[own: string | null, home: string | null, server: string | null, here: boolean]>([
  [null, null, null, true],
  [null, null, 'backend3', false],
  // A machine that was given its name later.
  ['gateway1', null, null, true],
  ['gateway1', 'gateway1', null, true],
  ['gateway1', 'gateway1', 'gateway1', true],
  ['backend3', 'gateway1', null, false],
  ['backend3', 'gateway1', 'backend3', true],
  ['backend3', '~alice', null, false],
])('on %j, with the home %j, a host of %j is here: %j', (own, home, serviceHost, here) => {
  const configuration = { serviceHost: own } as Parameters<typeof isHere>[0]['configuration'];
  expect(isHere({ configuration }, fakeHost('ada', { serviceHost }), fakeProject({ home }))).toBe(here);
});
