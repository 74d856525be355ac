import { expect, test } from '@jest/globals';
import { tryPlugin } from '@mln/core/testing';
import * as daemon from '../../src/index.js';

const text = (global: string): string => `
global {
  project lab
  ${global}
}
superclass quiet { persistent no }
superclass loud { persistent }
host a { }
host b { superclass quiet }
host c { superclass loud }
host d {
  superclass quiet
  persistent
}
host e { persistent no }
`;

async function persistentHosts(global: string): Promise<readonly string[]> {
  const { project } = await tryPlugin(daemon, text(global));
  return project.hosts.filter(({ keywords }) => keywords['persistent'] === true).map(({ name }) => name);
}

test.each([
  ['', ['c', 'd']],
  ['persistent', ['a', 'c', 'd']],
  ['persistent no', ['c', 'd']],
])('global says %p: what a host says itself, or inherits, counts for it', async (global, hosts) => {
  expect(await persistentHosts(global)).toEqual(hosts);
});

test('what is neither yes nor no is an error at its place', async () => {
  await expect(persistentHosts('persistent perhaps')).rejects.toMatchObject({
    problems: [{ code: 'MLN_BAD_VALUE', place: { line: 4 } }],
  });
});

test('hosts that are counted out are persistent as well', async () => {
  const counted =
    'global {\n  project lab\n  persistent\n  autoenum {\n    superclass node\n    numhosts 2\n    interface eth0\n  }\n}\nsuperclass node { network eth0 { switch lan } }\nswitch lan { }\n';
  const autoenum = await import('../../../autoenum/src/index.js');
  const { project } = await tryPlugin(daemon, counted, { with: [autoenum] });
  expect(project.hosts.map(({ keywords }) => keywords['persistent'])).toEqual([true, true]);
});
