import { beforeAll, expect, test } from '@jest/globals';
import { MiB, type CommandOptions } from '@mln/core';
import { fakeHost } from '../../../../core/test/fake-project.js';
import { fleetRoutes } from '../../src/fleet/routes.js';
import type { ServerUsage } from '../../src/fleet/top-route.js';
import { top } from '../../src/fleet/top.js';
import { fakeFleet, json, type FakeFleet, type FakeServer } from '../client/fake-fleet.js';
import { askRoute, fakeServer } from './ground.js';
import { listening } from './heard.js';

test('rates are of the time between two looks, and one that was started since has none', async () => {
  const { daemon, build, statuses, looks } = await fakeServer();
  await build('web', [fakeHost('a'), fakeHost('b'), fakeHost('new'), fakeHost('down'), fakeHost('xen')]);
  const up = { state: 'up', id: 1, memory: 10 * MiB } as const;
  statuses.set('web/a', { ...up, cpu: 100, network: { received: 1000, sent: 0 } });
  statuses.set('web/b', { ...up, cpu: null, network: null });
  statuses.set('web/xen', { ...up, cpu: 1, cpuPercent: 150 });
  const asked = askRoute(fleetRoutes(daemon), '/v1/top', { may: ['web'] });
  // The first look has been: what comes until the second is what was used.
  while (looks.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const began = performance.now();
  statuses.set('web/a', { ...up, cpu: 100.25, network: { received: 3000, sent: 0 } });
  statuses.set('web/new', { ...up, id: 2, cpu: 5 });
  const { guests } = (await asked).json as ServerUsage;
  const most = (performance.now() - began) / 1000;
  const of = (host: string): ServerUsage['guests'][number] | undefined => guests.find((each) => each.host === host);
  expect(guests).toHaveLength(4);
  // At least half a second lies between, and at most what has passed here.
  expect(of('a')?.cpu).toBeLessThanOrEqual(50);
  expect(of('a')?.cpu).toBeGreaterThan(25 / (most + 0.5));
  expect((of('a')?.received ?? 0) / (of('a')?.cpu ?? 1)).toBeCloseTo(2000 / 25, 6);
  expect(of('a')).toMatchObject({ memory: 10 * MiB, sent: 0 });
  expect(of('b')).toMatchObject({ cpu: null, received: null });
  expect(of('new')).toMatchObject({ cpu: null, memory: 10 * MiB });
  expect(of('xen')?.cpu).toBe(150);
  expect(looks.every((look) => (look as { usage: boolean }).usage)).toBe(true);
});

test('guests of projects that may not be read are left out', async () => {
  const { daemon, build, statuses } = await fakeServer();
  await build('web', [fakeHost('a')]);
  await build('mail', [fakeHost('a')]);
  for (const each of ['web/a', 'mail/a']) statuses.set(each, { state: 'up' });
  const { guests } = (await askRoute(fleetRoutes(daemon), '/v1/top', { may: ['mail'] })).json as ServerUsage;
  expect(guests.map(({ project }) => project)).toEqual(['mail']);
});

let fleet: FakeFleet;
const servers: Record<string, FakeServer> = {};

beforeAll(async () => {
  fleet = await fakeFleet();
  const idle = { memory: 32 * MiB, received: 0, sent: 0 };
  const of: Readonly<Record<string, ServerUsage>> = {
    gateway1: {
      groups: ['gateways'],
      guests: [
        { project: 'gw', host: 'fw', ...idle, cpu: 12.34, received: 2048, sent: 1536 },
        { project: 'gw', host: 'dns', ...idle, cpu: null },
      ],
    },
    backend1: { groups: ['backends'], guests: [{ project: 'kafe', host: 'web', ...idle, cpu: 99.96 }] },
  };
  for (const [name, usage] of Object.entries(of))
    servers[name] = await fleet.server(name, (_asked, response) => {
      json(response, usage);
    });
});

async function run(given: CommandOptions, more: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const addresses = Object.fromEntries(Object.entries(servers).map(([name, { address }]) => [name, address]));
  const { context, heard } = listening(await fleet.mln());
  const exit = await top(context, fleet.options({ ...addresses, ...more }), given);
  return { exit, ...heard };
}

test('guests of all servers, the busiest first', async () => {
  expect(await run({})).toMatchObject({
    exit: 0,
    printed: [
      [
        'Guest     Server    CPU     Memory  Received/s  Sent/s',
        'web.kafe  backend1  100.0%  32 MiB  0 B         0 B',
        'fw.gw     gateway1  12.3%   32 MiB  2 KiB       1.5 KiB',
        'dns.gw    gateway1  -       32 MiB  0 B         0 B',
      ].join('\n'),
    ],
  });
});

test('of a group, for programs, and who is not there', async () => {
  expect(await run({ group: 'gateways', json: true }, { gone: '127.0.0.1:1' })).toMatchObject({
    exit: 3,
    documents: [
      {
        kind: 'Top',
        items: [
          { host: 'fw', server: 'gateway1', cpu: 12.34 },
          { host: 'dns', cpu: null },
        ],
        silent: [{ server: 'gone' }],
      },
    ],
  });
});
