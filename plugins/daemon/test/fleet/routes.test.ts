import { expect, test } from '@jest/globals';
import { MiB } from '@mln/core';
import { fakeHost } from '../../../../core/test/fake-project.js';
import { requestCounts } from '../../src/fleet/request-counts.js';
import { fleetRoutes } from '../../src/fleet/routes.js';
import { askRoute, fakeServer, type FakeServerGround } from './ground.js';
import { readExposition } from './read-exposition.js';

async function server(): Promise<FakeServerGround> {
  const ground = await fakeServer({ memory: '1G', groups: ['backends'] });
  await ground.build('web', [fakeHost('a'), fakeHost('b'), fakeHost('c', { serviceHost: 'backend2' })]);
  await ground.build('mail', [fakeHost('a', { memory: 256 * MiB })], { home: 'gateway1' }, 'users/mln-guest/projects');
  await ground.build('mail2', [fakeHost('m', { serviceHost: 'backend1' })], { home: 'gateway1' });
  ground.statuses.set('web/a', {
    state: 'up',
    ready: true,
    memory: 50 * MiB,
    cpu: 12.5,
    network: { received: 1, sent: 2 },
  });
  ground.statuses.set('mail2/m', { state: 'up', ready: false });
  return ground;
}

test('a server tells what is on it, and asks the machine once for all projects', async () => {
  const { daemon, looks } = await server();
  const { json } = await askRoute(fleetRoutes(daemon), '/v1/status');
  expect(json).toMatchObject({
    name: 'backend1',
    projects: expect.arrayContaining([
      { name: 'web', home: 'backend1' },
      { name: 'mail2', home: 'gateway1' },
    ]) as object,
    hosts: 3,
    running: 2,
    memory: { maximum: 1024 * MiB, used: 256 * MiB, granted: 384 * MiB },
    groups: ['backends'],
  });
  expect(new Set(looks).size).toBe(1);
});

test('without the right read on the server nothing is told of it', async () => {
  const routes = fleetRoutes((await server()).daemon);
  for (const path of ['/v1/status', '/metrics'])
    await expect(askRoute(routes, path, { may: ['web'] })).rejects.toMatchObject({ code: 'MLN_NOT_ALLOWED' });
});

test('projects and their guests are those that may be read', async () => {
  const routes = fleetRoutes((await server()).daemon);
  const { json } = await askRoute(routes, '/v1/projects', { may: ['web'] });
  expect(json).toMatchObject({
    projects: [{ name: 'web', home: 'backend1', hosts: [{}, {}, { serviceHost: 'backend2' }] }],
  });
  const parameters = { project: 'web' };
  const status = await askRoute(routes, '/v1/projects/:project/status', { parameters, may: ['web'] });
  expect(status.json).toMatchObject({ statuses: { a: { state: 'up' }, b: { state: 'down' } } });
  const one = await askRoute(routes, '/v1/projects/:project/status', { parameters, query: 'units=b' });
  expect(Object.keys((one.json as { statuses: object }).statuses)).toEqual(['b']);
  const refused = askRoute(routes, '/v1/projects/:project/status', { parameters, may: ['mail'] });
  await expect(refused).rejects.toMatchObject({ code: 'MLN_NOT_ALLOWED' });
  const none = askRoute(routes, '/v1/projects/:project', { parameters: { project: 'nope' } });
  await expect(none).rejects.toMatchObject({ code: 'MLN_NO_PROJECT' });
});

test('metrics are what Prometheus reads', async () => {
  const { daemon } = await server();
  requestCounts(daemon).count('GET', 200);
  requestCounts(daemon).count('GET', 200);
  requestCounts(daemon).count('BREW"\n', 405);
  const { text = '', type } = await askRoute(fleetRoutes(daemon), '/metrics');
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  const metrics = new Map(readExposition(text).map(({ name, samples }) => [name, samples]));
  expect(metrics.get('mln_guests')).toEqual([
    { labels: { state: 'up' }, value: 2 },
    { labels: { state: 'down' }, value: 1 },
    { labels: { state: 'unknown' }, value: 0 },
  ]);
  const guest = { project: 'web', host: 'a' };
  expect(metrics.get('mln_guest_up')).toContainEqual({ labels: guest, value: 1 });
  expect(metrics.get('mln_guest_ready')).toEqual([
    { labels: { project: 'mail2', host: 'm' }, value: 0 },
    { labels: guest, value: 1 },
  ]);
  expect(metrics.get('mln_guest_cpu_seconds_total')).toEqual([{ labels: guest, value: 12.5 }]);
  expect(metrics.get('mln_guest_network_transmit_bytes_total')).toEqual([{ labels: guest, value: 2 }]);
  expect(metrics.get('mln_memory_granted_bytes')).toEqual([{ labels: {}, value: 384 * MiB }]);
  expect(metrics.get('mln_requests_total')).toEqual([
    { labels: { method: 'GET', status: '200' }, value: 2 },
    { labels: { method: 'other', status: '405' }, value: 1 },
  ]);
  expect(metrics.get('process_resident_memory_bytes')?.[0]?.value).toBeGreaterThan(MiB);
});

test('guests that have samples of their own are bounded, and what is left out is counted', async () => {
  const { daemon, build } = await fakeServer();
  await build(
    'many',
    Array.from({ length: 1100 }, (_, index) => fakeHost(`h${index}`)),
  );
  const { text = '' } = await askRoute(fleetRoutes(daemon), '/metrics');
  const metrics = new Map(readExposition(text).map(({ name, samples }) => [name, samples]));
  expect(metrics.get('mln_guest_up')).toHaveLength(1000);
  expect(metrics.get('mln_guests_omitted')).toEqual([{ labels: {}, value: 100 }]);
  expect(metrics.get('mln_guests')?.[1]).toEqual({ labels: { state: 'down' }, value: 1100 });
});
