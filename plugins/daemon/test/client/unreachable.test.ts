import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { MlnError } from '@mln/core';
import { createClient, LOCAL, type FleetClient } from '../../src/client/client.js';
import type { Options } from '../../src/options.js';
import { makeAuthority } from '../../src/tls/certificates.js';
import { errorOf } from './error-of.js';
import { fakeFleet, json, localServer, type Answer, type FakeFleet } from './fake-fleet.js';

let fleet: FakeFleet;
beforeAll(async () => {
  fleet = await fakeFleet();
});

const echo: Answer = ({ path }, response) => {
  json(response, path);
};

async function clientOf(servers: Readonly<Record<string, string>>, more: Options = {}): Promise<FleetClient> {
  return createClient(await fleet.mln(), fleet.options(servers, { timeout: 0.3, ...more }));
}

describe('a server that cannot be reached is told of, with its name and address', () => {
  const hang: Answer = () => undefined;

  test('it hangs', async () => {
    const server = await fleet.server('backend3', hang);
    const client = await clientOf({ backend3: server.address });
    expect(await errorOf(client.request('backend3', 'GET', '/v1/a'))).toMatchObject({
      code: 'MLN_NO_SERVER',
      exit: 69,
      message: `backend3 (${server.address}) does not answer within 0.3 s`,
    });
    client.close();
  });

  test('it hangs in the middle of its answer', async () => {
    const server = await fleet.server('backend3', (_asked, response) => {
      response.writeHead(200).write('{"a":');
    });
    const client = await clientOf({ backend3: server.address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error.message).toBe(`backend3 (${server.address}) does not answer within 0.3 s`);
    client.close();
  });

  test('it accepts the connection, and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const client = await clientOf({ backend3: address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error.message).toBe(`backend3 (${address}) does not answer within 0.3 s`);
    client.close();
    mute.close();
  });

  test('it refuses connections', async () => {
    const server = await fleet.server('backend3', hang);
    await server.cut();
    const client = await clientOf({ backend3: server.address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error).toMatchObject({ code: 'MLN_NO_SERVER', message: `backend3 (${server.address}) refuses connections` });
    expect(error.problems[0]?.hint).toMatch('mln daemon');
    client.close();
  });

  test('it breaks the connection off', async () => {
    const server = await fleet.server('backend3', (_asked, response) => {
      response.socket?.destroy();
    });
    const client = await clientOf({ backend3: server.address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error.message).toBe(`backend3 (${server.address}) broke the connection off`);
    client.close();
  });

  test.each([
    ['its name is unknown', 'backend3.invalid', /^backend3 \(backend3\.invalid:34001\) cannot be reached: /],
    ['its address is none', 'a b', /^the address of the server backend3 cannot be read: a b$/],
  ])('%s', async (_what, address, message) => {
    const client = await clientOf({ backend3: address });
    expect((await errorOf(client.request('backend3', 'GET', '/v1/a'))).message).toMatch(message);
    client.close();
  });

  test('no address of it is known', async () => {
    const client = await clientOf({ backend4: '127.0.0.1' });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error).toMatchObject({ code: 'MLN_NO_SERVER', message: 'no address is known of the server backend3' });
    expect(error.problems[0]?.hint).toMatch('backend4');
    client.close();
  });

  test('what answers is no daemon', async () => {
    const server = await fleet.server('backend3', ({ path }, response) => {
      if (path === '/v1/html') response.writeHead(502).end('<html>');
      else response.end('hello');
    });
    const client = await clientOf({ backend3: server.address });
    for (const path of ['/v1/html', '/v1/text'])
      expect(await errorOf(client.request('backend3', 'GET', path))).toMatchObject({
        code: 'MLN_NO_SERVER',
        message: expect.stringMatching(/^what answers as backend3 \(.*\) is no daemon of mln: status/),
      });
    client.close();
  });

  test('what answers does not speak TLS', async () => {
    const options = fleet.options({});
    const plain = await localServer(`${options.socket ?? ''}-2`, echo);
    const relay = createServer((socket) => socket.end('220 mail ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const address = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
    const client = await clientOf({ backend3: address });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    expect(error).toMatchObject({
      code: 'MLN_NO_SERVER',
      message: expect.stringContaining(`what answers as backend3 (${address}) is no daemon of mln`),
    });
    client.close();
    relay.close();
    await plain.cut();
  });

  test('no daemon runs here', async () => {
    const client = await clientOf({}, { socket: '/nonexistent/socket' });
    expect(await errorOf(client.request(LOCAL, 'GET', '/v1/a'))).toMatchObject({
      code: 'MLN_NO_SERVER',
      message: 'no daemon runs on this machine: nothing listens on /nonexistent/socket',
    });
  });
});

describe('certificates', () => {
  /** A server with a certificate is asked; nobody has to be quick. */
  const reach = async (
    wanted: Parameters<FakeFleet['server']>[2],
    authority?: Parameters<FakeFleet['server']>[3],
    more: Options = {},
  ): Promise<{ error: MlnError; address: string; asked: readonly string[] }> => {
    const server = await fleet.server('backend3', echo, wanted, authority);
    const client = await clientOf({ backend3: server.address }, { timeout: 10, ...more });
    const error = await errorOf(client.request('backend3', 'GET', '/v1/a'));
    client.close();
    return { error, address: server.address, asked: server.asked };
  };

  test.each([
    ['another server’s', { name: 'backend4' }, /shows a certificate that is that of another: it is server:backend4/],
    ['a user’s', { kind: 'user' as const }, /shows a certificate that/],
    ['an expired one', { days: -1 }, /shows a certificate that has expired$/],
  ])('the server has %s', async (_what, wanted, message) => {
    const { error, address, asked } = await reach(wanted);
    expect(error).toMatchObject({ code: 'MLN_BAD_CERTIFICATE', exit: 77 });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(`backend3 (${address})`);
    expect(asked).toEqual([]);
  });

  test('the server has one of another authority', async () => {
    const { error } = await reach({}, await makeAuthority('other'));
    expect(error).toMatchObject({ code: 'MLN_BAD_CERTIFICATE' });
    expect(error.message).toMatch('shows a certificate that the authority of this fleet has not given to it');
  });

  test('ours has expired', async () => {
    const { error, address } = await reach({}, undefined, { fleet: await fleet.identity({ days: -1 }) });
    expect(error).toMatchObject({ code: 'MLN_BAD_CERTIFICATE' });
    expect(error.message).toMatch(`backend3 (${address}) is not asked: our own certificate`);
  });

  test('we have none', async () => {
    const { error } = await reach({}, undefined, { fleet: '/nonexistent' });
    expect(error).toMatchObject({ code: 'MLN_NO_CERTIFICATE' });
  });
});
