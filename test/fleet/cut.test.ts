import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resultOf, until, type Result } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import type { Server } from './node.js';
import { noNamespaces } from './network.js';
import { failAt, stopAt } from './stopper.js';

/*
 * A server is cut off in the midst of an operation: the others finish, the command ends and says who is missing, and given
 * again it does the rest. Where all or nothing is wanted, nothing is left.
 */

const project = `global { project p }
host gw { toy; service_host gateway1 }
host a { toy; service_host backend3 }
host b { toy; service_host backend4 }
`;

let fleet: Fleet;
let [gateway1, backend3, backend4] = [] as unknown as [Server, Server, Server];
let file = '';

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1', 'backend3', 'backend4'], toys: true, timeout: 2 });
  [gateway1, backend3, backend4] = ['gateway1', 'backend3', 'backend4'].map((name) => fleet.server(name)) as [
    Server,
    Server,
    Server,
  ];
  file = gateway1.write('p.mln', project);
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

async function states(server = gateway1): Promise<Readonly<Record<string, string>>> {
  const { items } = JSON.parse((await server.mln('status', '-p', 'p', '--json')).stdout) as {
    items: { name: string; state: string }[];
  };
  return Object.fromEntries(items.map(({ name, state }) => [name, state]));
}

/** Gives a command, and cuts backend4 off when its part comes to a step. */
async function cutAt(step: string, ...args: readonly string[]): Promise<Result> {
  const stop = stopAt(backend4, step);
  const command = resultOf(gateway1.begin(args));
  await Promise.race([
    stop.reached(),
    command.then(({ stderr }) => Promise.reject(new Error(`${step} was not come to: ${stderr}`))),
  ]);
  backend4.link('down');
  stop.go();
  return command;
}

/** Jest's own limit is the bound: a command that waited for a server without end would not come back within it. */
const bounded = 90_000;
const reason = noNamespaces();
const cut = reason === null ? test : test.skip;
const why = reason === null ? '' : ` (skipped: ${reason})`;

cut(
  `cut off in a build: the others are built, the command names who is not, and a second one builds the rest${why}`,
  async () => {
    const { code, stderr } = await cutAt('build disks', 'build', '-f', file);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/backend4.*MLN_NO_SERVER|MLN_NO_SERVER.*backend4/),
    });
    expect(gateway1.project('p')).not.toBeNull();
    expect(backend3.project('p')).not.toBeNull();
    backend4.link('up');
    await gateway1.ok('build', '-y', '-f', file);
    expect(backend4.project('p')).not.toBeNull();
    expect(await states(backend4)).toEqual({ gw: 'down', a: 'down', b: 'down' });
  },
  bounded,
);

cut(
  `cut off in a start: the others run, status says of whom nothing is known, and a second start starts the rest${why}`,
  async () => {
    const { code, stderr } = await cutAt('start hosts', 'start', '-p', 'p');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('backend4') });
    expect(await states()).toMatchObject({ gw: 'up', a: 'up', b: 'unknown' });
    const listed = await gateway1.mln('daemon-status');
    expect(listed.stdout).toMatch(/^backend4 +n\/a/m);
    backend4.link('up');
    await gateway1.ok('start', '-p', 'p');
    expect(await states()).toEqual({ gw: 'up', a: 'up', b: 'up' });
    await gateway1.ok('stop', '-p', 'p');
    for (const server of [gateway1, backend3, backend4])
      await until(() => server.processes().length === 0, 'all to end');
  },
  bounded,
);

cut(
  `a server that is not there before anything is begun: a build of all or nothing is refused, and leaves nothing${why}`,
  async () => {
    await gateway1.ok('remove', '-y', '-p', 'p');
    backend4.link('down');
    const { code, stderr } = await gateway1.mln('build', '-f', file, '--all-or-nothing');
    backend4.link('up');
    expect(code).not.toBe(0);
    expect(stderr).toContain('backend4');
    for (const server of [gateway1, backend3, backend4]) expect(server.project('p')).toBeNull();
  },
  bounded,
);

test('what fails on one server does not keep the others from their part; of all or nothing, nothing is left', async () => {
  if (gateway1.project('p') !== null) await gateway1.ok('remove', '-y', '-p', 'p');
  failAt(backend3, 'a');
  const partly = await gateway1.mln('build', '-f', file);
  expect(partly).toMatchObject({ code: 3, stderr: expect.stringMatching(/backend3[^]*a is to fail/) });
  expect([gateway1, backend3, backend4].map((server) => server.project('p') !== null)).toEqual([true, false, true]);
  failAt(backend3);
  await gateway1.ok('remove', '-y', '-p', 'p');
  failAt(backend3, 'a');
  const nothing = await gateway1.mln('build', '-f', file, '--all-or-nothing');
  failAt(backend3);
  expect(nothing.code).not.toBe(0);
  expect(nothing.stderr).toMatch(/backend3[^]*a is to fail/);
  for (const server of [gateway1, backend3, backend4]) expect(server.project('p')).toBeNull();
  await gateway1.ok('build', '-f', file, '--all-or-nothing');
  for (const server of [gateway1, backend3, backend4]) expect(server.project('p')).not.toBeNull();
  await gateway1.ok('remove', '-y', '-p', 'p');
}, 120_000);
