import { beforeAll, expect, test } from '@jest/globals';
import { MiB, type CommandOptions, type ExitCode } from '@mln/core';
import { daemonStatus } from '../../src/fleet/daemon-status.js';
import type { ServerStatus } from '../../src/fleet/server-status.js';
import { fakeFleet, json, type FakeFleet, type FakeServer } from '../client/fake-fleet.js';
import { listening, type Heard } from './heard.js';

let fleet: FakeFleet;
const servers: Record<string, FakeServer> = {};

/** The rows of the paper’s Table 1, but that its projects have names: kafe is on three servers. */
const rows: Readonly<
  Record<string, readonly [projects: string, running: number, used: number, maximum: number, groups: string]>
> = {
  gateway1: ['kafe gw', 2, 512, 1280, 'gateways,xen'],
  backend1: ['mail', 1, 128, 1024, 'backends,xen'],
  backend2: ['web', 1, 128, 1024, 'backends,xen'],
  backend3: ['kafe web', 2, 256, 1024, 'backends,xen'],
  backend4: ['kafe', 1, 128, 1024, 'backends,xen'],
};

function statusOf(name: string): ServerStatus {
  const [projects, running, used, maximum, groups] = rows[name] ?? ['', 0, 0, 0, ''];
  return {
    name,
    // Two servers have a project of the name web, each its own.
    projects: projects.split(' ').map((each) => ({ name: each, home: each === 'kafe' ? 'gateway1' : null })),
    hosts: running,
    running,
    memory: { maximum: maximum * MiB, used: used * MiB, granted: used * MiB },
    groups: groups.split(','),
    load: 0,
  };
}

beforeAll(async () => {
  fleet = await fakeFleet();
  for (const name of Object.keys(rows))
    servers[name] = await fleet.server(name, ({ path }, response) => {
      if (path === '/v1/status') json(response, statusOf(name));
      else json(response, {}, 404);
    });
  servers['silent'] = await fleet.server('silent', () => undefined);
});

async function run(
  names: readonly string[],
  given: CommandOptions = {},
  timeout = 30,
): Promise<Heard & { readonly exit: ExitCode }> {
  const addresses = Object.fromEntries(names.map((name) => [name, servers[name]?.address ?? '127.0.0.1:1']));
  const { context, heard } = listening(await fleet.mln());
  return { ...heard, exit: await daemonStatus(context, fleet.options(addresses, { timeout }), given) };
}

const all = Object.keys(rows);

test('the paper’s Table 1; a project on several servers counts once in the total', async () => {
  const { exit, printed, notes } = await run(all);
  expect(printed).toEqual([
    [
      'Server    #Projs  #vms  Mem Used  Mem Ava  Groups',
      'gateway1  2       2     512 MiB   768 MiB  gateways,xen',
      'backend1  1       1     128 MiB   896 MiB  backends,xen',
      'backend2  1       1     128 MiB   896 MiB  backends,xen',
      'backend3  2       2     256 MiB   768 MiB  backends,xen',
      'backend4  1       1     128 MiB   896 MiB  backends,xen',
      'total     5       7     1.1 GiB   4.1 GiB',
    ].join('\n'),
  ]);
  expect({ exit, notes }).toEqual({ exit: 0, notes: [] });
});

test('groups choose servers, and the total is theirs', async () => {
  const { printed } = await run(all, { group: 'gateways,nobody' });
  expect(
    printed
      .join('')
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['Server', 'gateway1', 'total']);
  expect(printed.join('')).toMatch(/^total +2 +2 +512 MiB +768 MiB$/m);
  await expect(run(all, { group: ',' })).rejects.toMatchObject({ code: 'MLN_USAGE' });
});

test('with -s the total alone', async () => {
  const { printed } = await run(all, { summary: true });
  expect(printed.join('').split('\n')).toHaveLength(2);
});

test('who does not answer, or is not there, is listed with the reason, and the rest counts', async () => {
  const { exit, printed, notes } = await run(['backend1', 'silent', 'gone'], {}, 0.3);
  expect(printed.join('')).toMatch(/^silent +n\/a +n\/a +n\/a +n\/a$/m);
  expect(printed.join('')).toMatch(/^gone +n\/a/m);
  expect(printed.join('')).toMatch(/^total +1 +1 +128 MiB/m);
  expect(exit).toBe(3);
  expect(notes).toHaveLength(2);
  expect(notes.join('\n')).toMatch(/silent.*does not answer/);
  expect(notes.join('\n')).toContain('gone');
});

test('for programs', async () => {
  const { exit, documents } = await run(['backend1', 'gone'], { json: true });
  expect(exit).toBe(3);
  expect(documents).toMatchObject([
    {
      kind: 'DaemonStatus',
      items: [
        { name: 'backend1', answers: true, running: 1, memory: { used: 128 * MiB } },
        { name: 'gone', answers: false, reason: expect.stringContaining('gone') as unknown },
      ],
      total: { projects: 1, running: 1, used: 128 * MiB, available: 896 * MiB },
    },
  ]);
});

test('a machine that is no server, and knows none, shows itself', async () => {
  const { exit, printed } = await run([]);
  expect(printed.join('')).toMatch(/^this machine +0 +0 +0 B/m);
  expect(exit).toBe(0);
});

test('connections are kept from round to round', async () => {
  const server = await fleet.server('kept', (_asked, response) => {
    json(response, statusOf('backend1'));
  });
  const { context } = listening(await fleet.mln());
  const rounds = new Promise<number>((resolve) => {
    let count = 0;
    server.answer = (_asked, response) => {
      json(response, statusOf('backend1'));
      if ((count += 1) === 3) resolve(server.connections);
    };
  });
  const end = new Error('enough');
  const terminal = {
    ...context.terminal,
    print: () => {
      if (server.asked.length >= 3) throw end;
    },
  };
  const watching = daemonStatus({ ...context, terminal }, fleet.options({ kept: server.address }), { watch: '0.1' });
  expect(await rounds).toBe(1);
  await expect(watching).rejects.toBe(end);
});
