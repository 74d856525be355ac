import { request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import { failure } from '@mln/core';
import type { Route } from '../../src/server/route.js';
import { answerOnSocket, sendRaw, surfaceOf } from './answering.js';
import { ask } from './ask.js';

let taken: unknown[] = [];

const routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/things',
    body: { kind: 'json', most: 1000 },
    handle: ({ json }) => {
      taken.push(json);
      return Promise.resolve({ status: 202, json: { got: json } });
    },
  },
  {
    method: 'PUT',
    path: '/v1/bytes',
    body: { kind: 'bytes', most: 1000 },
    handle: async ({ stream }) => ({ status: 200, json: { bytes: (await buffer(stream)).length } }),
  },
  {
    method: 'PUT',
    path: '/v1/unread',
    body: { kind: 'bytes', most: 100_000_000 },
    handle: () => Promise.reject(failure('MLN_BAD_REQUEST', 'nobody wants it')),
  },
  {
    method: 'GET',
    path: '/v1/projects/:project/hosts/:host',
    handle: ({ parameters, query }) =>
      Promise.resolve({ status: 200, json: { ...parameters, usage: query.get('usage') } }),
  },
  { method: 'GET', path: '/v1/fault', handle: () => Promise.reject(new TypeError('secret words')) },
  {
    method: 'GET',
    path: '/metrics',
    handle: () => Promise.resolve({ status: 200, text: 'up 1\n', type: 'text/plain' }),
  },
  { method: 'DELETE', path: '/v1/things', handle: () => Promise.resolve({ status: 204 }) },
];
const surface = surfaceOf(routes);
let socket: string;
beforeAll(async () => {
  socket = await answerOnSocket(surface);
});

const codeOf = (json: unknown): unknown => (json as { problems?: { code: string }[] } | undefined)?.problems?.[0]?.code;

test('what is right is answered', async () => {
  expect(await ask(socket, 'POST', '/v1/things', { body: { a: 'ø' } })).toMatchObject({
    status: 202,
    json: { got: { a: 'ø' } },
  });
  expect(await ask(socket, 'PUT', '/v1/bytes', { raw: 'x'.repeat(1000) })).toMatchObject({ json: { bytes: 1000 } });
  expect(await ask(socket, 'GET', '/v1/projects/kafe/hosts/web-1.a?usage=1')).toMatchObject({
    json: { project: 'kafe', host: 'web-1.a', usage: '1' },
  });
  expect(await ask(socket, 'DELETE', '/v1/things')).toMatchObject({ status: 204, text: '' });
  expect(await ask(socket, 'HEAD', '/metrics')).toMatchObject({ status: 200, text: '' });
});

test.each([
  ['POST', '/v1/things', '{', 400, 'MLN_BAD_REQUEST'],
  ['POST', '/v1/things', Buffer.from([0x22, 0xff, 0x22]), 400, 'MLN_BAD_REQUEST'],
  ['POST', '/v1/things', '', 400, 'MLN_BAD_REQUEST'],
  ['POST', '/v1/things', `"${'x'.repeat(1000)}"`, 413, 'MLN_BAD_REQUEST'],
  ['PUT', '/v1/bytes', 'x'.repeat(1001), 413, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/fault', 'a body', 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/nothing', undefined, 404, 'MLN_BAD_REQUEST'],
  ['GET', '/', undefined, 404, 'MLN_BAD_REQUEST'],
  ['PUT', '/v1/things', undefined, 405, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/..%2f..%2fetc/hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/../hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/%2e%2e/hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/a%00b/hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/-rf/hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects/%zz/hosts/a', undefined, 400, 'MLN_BAD_REQUEST'],
  ['GET', '/v1/projects//hosts/a', undefined, 404, 'MLN_BAD_REQUEST'],
] as const)('%s %s with a wrong body or path: %#', async (method, path, raw, status, code) => {
  taken = [];
  const answered = await ask(socket, method, path, raw === undefined ? {} : { raw });
  expect([answered.status, codeOf(answered.json)]).toEqual([status, code]);
  expect(taken).toEqual([]);
});

test('a method that is not to be had is told which are', async () => {
  expect((await ask(socket, 'PUT', '/v1/things')).headers.allow).toBe('POST, DELETE');
});

test.each([undefined, '2', '0', 'x'.repeat(500)])('another version of the protocol is told both: %s', async (said) => {
  const headers = { 'mln-protocol': said };
  const { status, text } = await ask(socket, 'DELETE', '/v1/things', { headers });
  expect(status).toBe(426);
  expect(text).toContain('MLN_WRONG_PROTOCOL');
  expect(text).toContain('version 1');
  expect(text.length).toBeLessThan(500);
});

test('who watches from outside needs no version', async () => {
  expect(await ask(socket, 'GET', '/metrics', { headers: { 'mln-protocol': undefined } })).toMatchObject({
    text: 'up 1\n',
  });
});

test('a fault is told as one, without its words; the log has them', async () => {
  const { status, text } = await ask(socket, 'GET', '/v1/fault');
  expect([status, codeOf(JSON.parse(text))]).toEqual([500, 'MLN_FAULT']);
  expect(text).not.toContain('secret');
  expect(JSON.stringify(surface.logged)).toContain('secret words');
});

test('each request is a line of the log, without its query', async () => {
  await ask(socket, 'GET', '/v1/projects/kafe/hosts/logged?token=geheim');
  const line = surface.logged.findLast(({ path }) => String(path).endsWith('/logged'));
  expect(line).toMatchObject({
    principal: 'local',
    method: 'GET',
    path: '/v1/projects/kafe/hosts/logged',
    status: 200,
  });
  expect(JSON.stringify(surface.logged)).not.toContain('geheim');
});

test('a body that grows beyond the limit without saying so is cut off', async () => {
  const head = 'POST /v1/things HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = `${(4096).toString(16)}\r\n${'x'.repeat(4096)}\r\n`;
  const answered = await sendRaw(socket, head, chunk, chunk);
  expect(answered).toMatch(/^HTTP\/1.1 413 /);
  expect(answered).toMatch(/connection: close/i);
});

test('bytes of unknown length are refused', async () => {
  const head = 'PUT /v1/bytes HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  expect(await sendRaw(socket, head.replace('\r\n\r\n0', '\r\nConnection: close\r\n\r\n0'))).toMatch(/^HTTP\/1.1 411 /);
});

test('what nobody wants is answered while it is still sent, and then cut off', async () => {
  const sent = request({
    socketPath: socket,
    method: 'PUT',
    path: '/v1/unread',
    headers: { 'mln-protocol': '1', 'content-length': 50_000_000 },
  });
  sent.on('error', () => undefined);
  sent.write(Buffer.alloc(100_000));
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  expect(response.statusCode).toBe(400);
  response.resume();
  await once(sent, 'close');
});

test.each([
  ['a head that never ends', ['GET /metrics HTTP/1.1\r\nHost: x\r\n'], /^HTTP\/1.1 408 /],
  ['nothing at all', [], /^(HTTP\/1.1 408 .*)?$/s],
  [
    'a body that never ends',
    ['POST /v1/things HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nContent-Length: 100\r\n\r\n{'],
    /^HTTP\/1.1 408 /,
  ],
  ['bytes that stop', ['PUT /v1/bytes HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nContent-Length: 100\r\n\r\nx'], /^$/],
  ['no HTTP', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'], /^HTTP\/1.1 400 /],
  ['a head that is too long', [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n`], /^HTTP\/1.1 431 /],
  [
    'two lengths',
    ['POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    /^HTTP\/1.1 400 /,
  ],
])('a slow or broken client is let go: %s', async (_what, parts, expected) => {
  expect(await sendRaw(socket, ...parts)).toMatch(expected);
});

test('clients that vanish halfway leave nothing', async () => {
  for (let index = 0; index < 20; index += 1) {
    const client = connect(socket);
    client.on('error', () => undefined);
    client.write('POST /v1/things HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nContent-Length: 900\r\n\r\n{');
    await once(client, 'connect');
    client.destroy();
  }
  expect((await ask(socket, 'POST', '/v1/things', { body: 1 })).status).toBe(202);
});
