import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, LOCAL, type FleetClient } from '../../src/client/client.js';
import { fakeFleet, json, type FakeFleet } from './fake-fleet.js';

let fleet: FakeFleet;
let client: FleetClient;
const sockets: Socket[] = [];
const server = createServer((_request, response) => {
  json(response, { problems: [{ severity: 'error', code: 'MLN_NOT_ALLOWED', message: 'you may not' }], exit: 77 }, 403);
});

beforeAll(async () => {
  fleet = await fakeFleet();
  const options = fleet.options({}, { timeout: 0.3 });
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    sockets.push(socket);
    if (request.headers.upgrade !== 'mln-frames') {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    if (request.url === '/mute') return;
    // The first bytes come together with the head.
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: mln-frames\r\n\r\nhello');
    socket.unshift(head);
    socket.pipe(socket);
  });
  server.listen(options.socket);
  await once(server, 'listening');
  client = createClient(await fleet.mln(), options);
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  client.close();
});

test('a connection is taken over, both ways, with what came along with the answer', async () => {
  const stream = await client.upgrade(LOCAL, '/v1/tunnels/kafe/lan', 'mln-frames');
  const sent = Buffer.alloc(3_000_000, 'frames');
  const got: Buffer[] = [];
  stream.end(sent);
  for await (const piece of stream as AsyncIterable<Buffer>) got.push(piece);
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(digest(Buffer.concat(got))).toBe(digest(Buffer.concat([Buffer.from('hello'), sent])));
});

test('what the server says against it is thrown', async () => {
  await expect(client.upgrade(LOCAL, '/v1/tunnels/kafe/lan', 'other')).rejects.toMatchObject({ code: 'MLN_NO_SERVER' });
});

test('a server that does not answer is given up', async () => {
  await expect(client.upgrade(LOCAL, '/mute', 'mln-frames')).rejects.toMatchObject({
    code: 'MLN_NO_SERVER',
    message: expect.stringMatching(/does not answer within 0.3 s$/),
  });
});
