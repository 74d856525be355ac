import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resultOf, until, type Result } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import { endOf, type Node, type Server } from './node.js';
import { stopAt } from './stopper.js';

/* Clients that go away, come back, and want the same thing; and guests that are to run whether a client is there or not. */

let fleet: Fleet;
let gateway1 = undefined as unknown as Server;
let [alice, bob] = [] as unknown as [Node, Node];
const project = (name: string, more = ''): string => `global { project ${name}; ${more} }\nhost a { toy }\n`;

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1'], toys: true });
  gateway1 = fleet.server('gateway1');
  [alice, bob] = ['alice', 'bob'].map((name) => fleet.client(name)) as [Node, Node];
  for (const each of [alice, bob]) await gateway1.ok('ca', 'issue', each.name, '--user', '--out', each.fleet);
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

const begin = (node: Node, ...args: readonly string[]): Promise<Result> => resultOf(node.begin(args));

interface Listed {
  readonly items: readonly {
    readonly id: string;
    readonly operation: string;
    readonly project: string;
    readonly state: string;
    readonly exit: number | null;
  }[];
}

async function operationsOf(node: Node): Promise<Listed['items']> {
  return (JSON.parse(await node.ok('operations', 'list', '--server', 'gateway1', '--json')) as Listed).items;
}

test('what a client has begun goes on without it; later it fetches the output, and nobody else does', async () => {
  const file = alice.write('kafe.mln', project('kafe'));
  const stop = stopAt(gateway1, 'build disks');
  const client = alice.begin(['build', '-f', file, '--on', 'gateway1']);
  await stop.reached();
  client.kill('SIGKILL');
  expect(await endOf(client)).toBe('SIGKILL');
  const [running] = await operationsOf(alice);
  expect(running).toMatchObject({ operation: 'build', project: 'kafe', state: 'running', exit: null });
  const id = running?.id ?? '';
  // Whoever follows it from now on is told when it ends, and how.
  const followed = begin(alice, 'log', id, '-f');
  stop.go();
  expect(await followed).toMatchObject({ code: 0, stderr: expect.stringMatching(/\ba (.gateway1. )?built/) });
  expect(await operationsOf(alice)).toEqual([expect.objectContaining({ id, state: 'done', exit: 0 })]);
  expect(await alice.mln('log', id)).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/\ba (.gateway1. )?built/),
  });
  expect(gateway1.project('kafe')).not.toBeNull();
  expect((await bob.mln('log', id)).code).not.toBe(0);
  expect(await operationsOf(bob)).toEqual([]);
}, 90_000);

test('two clients at once on one project: the second is told who has it, and may come again', async () => {
  const [first, second] = [alice, bob].map((node) => node.write('both.mln', project('kafe_both')));
  const stop = stopAt(gateway1, 'build disks');
  const building = begin(alice, 'build', '-f', first ?? '', '--on', 'gateway1');
  await stop.reached();
  const refused = await bob.mln('build', '-f', second ?? '', '--on', 'gateway1');
  expect(refused).toMatchObject({ code: 75, stderr: expect.stringMatching(/MLN_LOCKED[^]*alice/) });
  // The one at the server is told as well.
  expect(await gateway1.mln('start', '-p', 'kafe_both')).toMatchObject({ code: expect.any(Number) });
  stop.go();
  expect((await building).code).toBe(0);
  await bob.ok('start', '-p', 'kafe_both', '--on', 'gateway1');
  await bob.ok('stop', '-p', 'kafe_both', '--on', 'gateway1');
  await bob.ok('remove', '-y', '-p', 'kafe_both', '--on', 'gateway1');
}, 90_000);

test('an operation is cancelled, and the project is as it was', async () => {
  const file = alice.write('never.mln', project('kafe_never'));
  const stop = stopAt(gateway1, 'build disks');
  const building = begin(alice, 'build', '-f', file, '--on', 'gateway1');
  await stop.reached();
  const id = (await operationsOf(alice)).find(({ state }) => state === 'running')?.id ?? '';
  const cancelling = begin(alice, 'operations', 'cancel', id, '--server', 'gateway1');
  await until(() => existsSync(join(gateway1.state, 'operations', id, 'cancelled')), 'the daemon to know');
  stop.go();
  expect((await cancelling).code).toBe(0);
  expect((await building).code).not.toBe(0);
  expect((await operationsOf(alice)).find((each) => each.id === id)?.state).toBe('cancelled');
  expect(gateway1.project('kafe_never')).toBeNull();
}, 90_000);

/** The process of a toy. */
function toy(name: string): number | null {
  const folder = gateway1.project(name);
  if (folder === null) return null;
  try {
    const pid = Number(readFileSync(join(folder, 'a/pid'), 'utf8'));
    return gateway1.processes().some((each) => each.pid === pid) ? pid : null;
  } catch {
    return null;
  }
}

test('a guest that is to run comes back when it has died, and with the daemon; one that was stopped does not', async () => {
  await gateway1.ok('build', '-f', gateway1.write('stays.mln', project('stays', 'persistent')));
  await gateway1.ok('start', '-p', 'stays');
  const first = toy('stays') ?? 0;
  expect(first).toBeGreaterThan(0);
  process.kill(first, 'SIGKILL');
  const second = await until(() => {
    const pid = toy('stays');
    return pid !== null && pid !== first && pid;
  }, 'it to come back');
  await gateway1.kill();
  process.kill(second, 'SIGKILL');
  await gateway1.up();
  await until(() => {
    const pid = toy('stays');
    return pid !== null && pid !== second && pid;
  }, 'it to come back with the daemon');
  await gateway1.ok('stop', '-p', 'stays');
  expect(toy('stays')).toBeNull();
  await gateway1.kill();
  await gateway1.up();
  // What is to run is started before anything else is said to be: the other one shows when that was.
  await gateway1.ok('build', '-f', gateway1.write('marks.mln', project('marks', 'persistent')));
  await gateway1.ok('start', '-p', 'marks');
  const mark = toy('marks') ?? 0;
  process.kill(mark, 'SIGKILL');
  await until(() => {
    const pid = toy('marks');
    return pid !== null && pid !== mark;
  }, 'the other to come back');
  expect(toy('stays')).toBeNull();
  for (const name of ['marks', 'stays']) {
    await gateway1.ok('stop', '-p', name);
    await gateway1.ok('remove', '-y', '-p', name);
  }
}, 120_000);

test('the daemon ends in order: what runs comes to its end first, and nothing new is taken', async () => {
  const file = alice.write('last.mln', project('kafe_last'));
  const stop = stopAt(gateway1, 'build disks');
  const building = begin(alice, 'build', '-f', file, '--on', 'gateway1');
  const worker = await stop.reached();
  const ended = gateway1.ended();
  execFileSync('kill', ['-TERM', String(gateway1.pid())]);
  stop.go();
  expect(await ended).toBe(0);
  await until(() => !gateway1.processes().some(({ pid }) => pid === worker), 'the worker to end');
  expect(gateway1.project('kafe_last')).not.toBeNull();
  await building;
  await gateway1.up();
  await alice.ok('remove', '-y', '-p', 'kafe_last', '--on', 'gateway1');
}, 90_000);
