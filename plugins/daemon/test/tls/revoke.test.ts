import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Daemon } from '../../src/server/route.js';
import { plainSerial, readRevocations } from '../../src/tls/certificates.js';
import { clientOptions, readIdentity, revokedOf } from '../../src/tls/identity.js';
import { fetchRevoked, revokedHook, takeRevoked } from '../../src/tls/revocations.js';
import { ask, daemonOf, placesIn, serve } from './fleet.js';
import {
  beginFleet,
  endFleet,
  folder,
  gateway1,
  home,
  joined,
  known,
  run,
  servers,
  socket,
  type Machine,
} from './machines.js';

/* `mln ca revoke`, as it is typed, and how servers hear of it. */

let port = 0;
beforeAll(async () => {
  port = await beginFleet();
});
afterAll(endFleet);

test('what is revoked counts no more, on this server and on all that can be told', async () => {
  const [carol, far] = [await joined('carol', 'user', port), await joined('far', 'server', port)];
  const places = placesIn(far.fleet);
  const farDaemon = await daemonOf(places);
  const told: string[] = [];
  revokedHook(farDaemon.mln).tap('test', (text) => void told.push(text));
  const there = await serve(await readIdentity(far.fleet), new Set(), farDaemon);
  servers.push(there.server);
  known['far'] = `127.0.0.1:${there.port}`;
  known['down'] = '127.0.0.1:1';
  const heard: string[] = [];
  const local = createServer((incoming, response) => {
    heard.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
    incoming.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => local.listen(socket, resolve));
  servers.push(local);
  try {
    const said = await run(gateway1, 'ca revoke', ['carol'], { yes: true });
    expect([said.exit, said.stdout]).toEqual([3, '']);
    expect(said.stderr).toMatch(/carol is revoked \([0-9A-F]{32}\)/);
    expect(said.stderr).toMatch(/down could not be told: down \(127\.0\.0\.1:1\) refuses connections/);
    expect(said.stderr).not.toContain('far could');
    expect(told).toEqual([readFileSync(join(home, 'crl.pem'), 'utf8')]);
    for (const fleet of [home, far.fleet]) {
      const identity = await readIdentity(fleet);
      const serial = plainSerial(new X509Certificate((await readIdentity(carol.fleet)).certificate).serialNumber);
      expect((await revokedOf(identity)).has(serial)).toBe(true);
      const { server, port: at } = await serve(identity);
      servers.push(server);
      expect(await ask(at, clientOptions(await readIdentity(carol.fleet), identity.principal.name))).toContain(
        'is revoked',
      );
    }
    expect(heard).toEqual(['PUT /v1/crl']);
    delete known['down'];
    // Everybody knows it: nothing is new, and nothing fails.
    expect(await run(gateway1, 'ca revoke', ['carol'], { yes: true })).toMatchObject({ exit: 0 });
    const listed = (await run(gateway1, 'ca list')).stdout.split('\n').filter((line) => line.startsWith('user:carol'));
    expect(listed).toEqual([expect.stringMatching(/^user:carol +\d{4}-\d\d-\d\d \d\d:\d\d +revoked +[0-9A-F]{32}$/)]);
  } finally {
    delete known['far'];
    delete known['down'];
  }
});

test('revoking a name takes its tokens, and leaves others of that name alone', async () => {
  await run(gateway1, 'ca issue', ['dora'], { server: true, out: join(folder, 'dora-server') });
  await run(gateway1, 'ca issue', ['dora'], { user: true, out: join(folder, 'dora-user') });
  const token = (await run(gateway1, 'ca issue', ['dora'], { user: true })).stdout.trim();
  expect(await run(gateway1, 'ca revoke', ['dora'], { yes: true })).toMatchObject({
    exit: 64,
    stderr: expect.stringContaining('both a user and a server'),
  });
  expect(await run(gateway1, 'ca revoke', ['user:dora'], { yes: true })).toMatchObject({ exit: 0 });
  const { stdout } = await run(gateway1, 'ca list', [], { json: true });
  const { items } = JSON.parse(stdout) as { items: readonly { name: string; kind: string; state: string }[] };
  expect(items.filter(({ name }) => name === 'dora').map(({ kind, state }) => [kind, state])).toEqual([
    ['server', 'good'],
    ['user', 'revoked'],
  ]);
  expect(await run({ fleet: join(folder, 'dora') }, 'ca join', [`127.0.0.1:${port}`, token])).toMatchObject({
    exit: 77,
  });
});

test('revocations at the same time are all in the last list', async () => {
  const names = Array.from({ length: 6 }, (_each, index) => `gone${index}`);
  await Promise.all(names.map((name) => run(gateway1, 'ca issue', [name], { out: join(folder, 'gone', name) })));
  await Promise.all(names.map((name) => run(gateway1, 'ca revoke', [name], { yes: true })));
  const revoked = await revokedOf(await readIdentity(home));
  for (const name of names) {
    const { certificate } = await readIdentity(join(folder, 'gone', name));
    expect(revoked.has(plainSerial(new X509Certificate(certificate).serialNumber))).toBe(true);
  }
});

test('a server takes newer lists of its own authority, and no others', async () => {
  const far = placesIn((await joined('taker', 'server', port)).fleet);
  const daemon = await daemonOf(far);
  const list = (): string => readFileSync(join(home, 'crl.pem'), 'utf8');
  const older = list();
  await run(gateway1, 'ca issue', ['eve'], { out: join(folder, 'eve') });
  await run(gateway1, 'ca revoke', ['eve'], { yes: true });
  await takeRevoked(daemon, list());
  const foreign: Machine = { fleet: join(folder, 'foreign') };
  await run(foreign, 'ca init');
  await run(foreign, 'ca issue', ['eve'], { out: join(folder, 'eve2') });
  await run(foreign, 'ca revoke', ['eve'], { yes: true });
  const body = Buffer.from(list().split('\n').slice(1, -2).join(''), 'base64');
  body[body.length - 5] = (body[body.length - 5] ?? 0) ^ 1;
  const forged = `-----BEGIN X509 CRL-----\n${body.toString('base64')}\n-----END X509 CRL-----\n`;
  await takeRevoked(daemon, list());
  for (const text of [older, readFileSync(join(foreign.fleet, 'crl.pem'), 'utf8'), forged, 'rubbish', ''])
    await expect(takeRevoked(daemon, text)).rejects.toMatchObject({ code: 'MLN_BAD_REQUEST' });
  expect(readFileSync(join(far.fleet, 'crl.pem'), 'utf8')).toBe(list());
});

test('a server that was away asks the others', async () => {
  const { fleet } = await joined('sleeper', 'server', port);
  const { authority } = await readIdentity(fleet);
  const before = await readRevocations(readFileSync(join(fleet, 'crl.pem'), 'utf8'), authority);
  await run(gateway1, 'ca issue', ['frank'], { out: join(folder, 'frank') });
  await run(gateway1, 'ca revoke', ['frank'], { yes: true });
  const newer = readFileSync(join(home, 'crl.pem'), 'utf8');
  const answers: Readonly<Record<string, () => unknown>> = {
    old: () => ({ crl: null }),
    rubbish: () => ({ crl: 'rubbish' }),
    strange: () => [1],
    home: () => ({ crl: newer }),
    silent: () => {
      throw new Error('nobody answers');
    },
  };
  const asked: string[] = [];
  const daemon: Daemon = await daemonOf(placesIn(fleet), {
    servers: Object.keys(answers),
    request: async (server, method, path) => {
      asked.push(`${server} ${method} ${path}`);
      return Promise.resolve(answers[server]?.());
    },
  });
  expect(await fetchRevoked(daemon)).toBe(true);
  expect(asked.sort()).toEqual(
    Object.keys(answers)
      .map((server) => `${server} GET /v1/crl`)
      .sort(),
  );
  const after = await readRevocations(readFileSync(join(fleet, 'crl.pem'), 'utf8'), authority);
  expect(after.number).toBeGreaterThan(before.number);
  expect(await fetchRevoked(daemon)).toBe(false);
});
