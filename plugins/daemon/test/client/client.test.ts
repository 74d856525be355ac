import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, LOCAL, type FleetClient } from '../../src/client/client.js';
import type { Options } from '../../src/options.js';
import { errorOf } from './error-of.js';
import { fakeFleet, json, localServer, type Answer, type FakeFleet } from './fake-fleet.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

const echo: Answer = ({ method, path, headers, body }, response) => {
  json(response, {
    method,
    path,
    protocol: headers['mln-protocol'],
    behalf: headers['mln-on-behalf-of'] ?? null,
    body: body.length === 0 ? null : body.toString(),
  });
};

async function clientOf(servers: Readonly<Record<string, string>>, more: Options = {}): Promise<FleetClient> {
  return createClient(await fleet.mln(), fleet.options(servers, more));
}

describe('a request', () => {
  test('is answered, over one connection that is kept', async () => {
    const server = await fleet.server('backend3', echo);
    const client = await clientOf({ backend3: server.address });
    expect(await client.request('backend3', 'GET', '/v1/a')).toEqual({
      method: 'GET',
      path: '/v1/a',
      protocol: '1',
      behalf: null,
      body: null,
    });
    expect(await client.request('backend3', 'POST', '/v1/b', { body: { b: 'é' } })).toMatchObject({
      body: '{"b":"é"}',
    });
    expect(server.connections).toBe(1);
    client.close();
  });

  test('is made for somebody else', async () => {
    const server = await fleet.server('backend3', echo);
    const options = fleet.options({ backend3: server.address });
    const client = createClient(await fleet.mln(), options, { kind: 'user', name: 'bob' });
    expect(await client.request('backend3', 'GET', '/v1/a')).toMatchObject({ behalf: 'user:bob' });
    client.close();
  });

  test('goes to the unix socket where this very machine is meant, without any certificate', async () => {
    const options = fleet.options({}, { fleet: '/nonexistent' });
    const local = await localServer(options.socket ?? '', echo);
    const client = createClient(await fleet.mln('gateway1'), options);
    expect(await client.request('gateway1', 'GET', '/v1/a')).toMatchObject({ path: '/v1/a' });
    expect(await client.request(LOCAL, 'GET', '/v1/b')).toMatchObject({ path: '/v1/b' });
    expect(local.connections).toBe(1);
    await local.cut();
    client.close();
  });

  test('that is refused is the same error as there, with the name of the server', async () => {
    const problem = { severity: 'error', code: 'MLN_LOCKED', message: 'it is \u001b[31mworked\u0007 on', hint: 'wait' };
    const server = await fleet.server('backend3', (_asked, response) => {
      json(response, { problems: [problem, { ...problem, code: 'MLN_IO', message: 'x' }, 17], exit: 75 }, 409);
    });
    const client = await clientOf({ backend3: server.address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error).toMatchObject({
      code: 'MLN_LOCKED',
      exit: 75,
      message: 'backend3: it is worked on',
      problems: [{ hint: 'wait' }, { code: 'MLN_IO', message: 'backend3: x' }],
    });
    client.close();
  });

  test('is made again where the connection that was kept has ended', async () => {
    const server = await fleet.server('backend3', echo);
    const client = await clientOf({ backend3: server.address });
    await client.request('backend3', 'GET', '/v1/a');
    await server.cut();
    await server.listen();
    expect(await client.request('backend3', 'GET', '/v1/b')).toMatchObject({ path: '/v1/b' });
    client.close();
  });

  test('is waited on beyond its time while the server lives, where it may take long', async () => {
    const server = await fleet.server('backend3', (asked, response) => {
      if (asked.path === '/v1/server') json(response, {});
      // It answers when it was asked twice whether it lives.
      else
        void lives(server.asked).then(() => {
          json(response, 'late');
        });
    });
    const client = await clientOf({ backend3: server.address });
    expect(await client.request('backend3', 'POST', '/v1/operations', { patient: true, timeout: 50 })).toBe('late');
    client.close();
  });

  test('of 50 servers at once is 50 connections, and as many for a second round', async () => {
    const server = await fleet.server('backend3', echo);
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const servers = await Promise.all(names.map((name) => fleet.server(name, echo)));
    const client = await clientOf(Object.fromEntries(servers.map(({ address }, index) => [`s${index}`, address])));
    for (let round = 0; round < 2; round += 1)
      await Promise.all(client.servers.map((name) => client.request(name, 'GET', '/v1/status')));
    expect(servers.map(({ connections }) => connections)).toEqual(names.map(() => 1));
    expect(server.asked).toEqual([]);
    client.close();
  });
});

function* forever<T>(each: T): Generator<T> {
  for (;;) yield each;
}

async function lives(asked: readonly string[]): Promise<void> {
  while (asked.filter((each) => each.endsWith('/v1/server')).length < 2) await pause(5);
}

describe('an upload', () => {
  const size = 8 * 1024 * 1024;
  const bytes = (): Readable => Readable.from(Array.from({ length: size / 65536 }, () => Buffer.alloc(65536, 'x')));

  test('is sent with its length', async () => {
    const server = await fleet.server('backend3', ({ headers, body }, response) => {
      json(response, { length: headers['content-length'], got: body.length });
    });
    const client = await clientOf({ backend3: server.address });
    expect(await client.upload('backend3', '/v1/blobs/x?offset=0', bytes(), { length: size })).toEqual({
      length: String(size),
      got: size,
    });
    client.close();
  });

  test('ends with the answer, where that comes before all is sent', async () => {
    const early = createTlsServer(await fleet.listening('backend3'), (_request, response) => {
      json(
        response,
        { problems: [{ severity: 'error', code: 'MLN_BAD_REQUEST', message: 'too large' }], exit: 1 },
        413,
      );
    }).listen(0, '127.0.0.1');
    await once(early, 'listening');
    const client = await clientOf({ backend3: `127.0.0.1:${(early.address() as AddressInfo).port}` });
    const endless = Readable.from(forever(Buffer.alloc(65536, 'x')));
    const error = await errorOf(client.upload('backend3', '/v1/blobs/x', endless, { length: 1e12 }));
    expect(error).toMatchObject({ code: 'MLN_BAD_REQUEST', message: 'backend3: too large' });
    expect(endless.destroyed).toBe(true);
    client.close();
    early.closeAllConnections();
    early.close();
  });

  test('a server that takes nothing more is given up', async () => {
    const stuck = createServer().listen(0, '127.0.0.1');
    await once(stuck, 'listening');
    const address = `127.0.0.1:${(stuck.address() as AddressInfo).port}`;
    const client = await clientOf({ backend3: address }, { timeout: 0.3 });
    const error = await errorOf(client.upload('backend3', '/v1/blobs/x', bytes(), { length: size }));
    expect(error.message).toBe(`backend3 (${address}) does not answer within 0.3 s`);
    client.close();
    stuck.close();
  });

  test('a file that cannot be read is no fault of the server', async () => {
    const server = await fleet.server('backend3', echo);
    const client = await clientOf({ backend3: server.address });
    const broken = new Readable({
      read() {
        this.destroy(new Error('no such sector'));
      },
    });
    await expect(client.upload('backend3', '/v1/blobs/x', broken, { length: size })).rejects.toThrow('no such sector');
    client.close();
  });
});
