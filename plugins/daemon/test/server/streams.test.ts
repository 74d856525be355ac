import { Agent, request, type IncomingMessage } from 'node:http';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test } from '@jest/globals';
import { failure } from '@mln/core';
import type { Route, ServerEvent, UpgradeRoute } from '../../src/server/route.js';
import { answerOnSocket, sendRaw, surfaceOf } from './answering.js';
import { ask } from './ask.js';

let given = 0;
let ended = 0;
/** Lets the silent stream go on. */
let wake: () => void = () => undefined;

async function* numbers(count: number, size = 1): AsyncGenerator<ServerEvent> {
  try {
    for (let id = 0; id < count; id += 1) {
      given = id;
      yield { id, data: 'x'.repeat(size) };
      await Promise.resolve();
    }
  } finally {
    ended += 1;
  }
}

async function* silent(): AsyncGenerator<ServerEvent> {
  yield { id: 0, data: 'first' };
  await new Promise<void>((resolve) => (wake = resolve));
  yield { id: 1, data: 'last' };
}

const routes: readonly Route[] = [
  { method: 'GET', path: '/few', handle: () => Promise.resolve({ events: numbers(3) }) },
  { method: 'GET', path: '/many', handle: () => Promise.resolve({ events: numbers(100_000, 10_000) }) },
  { method: 'GET', path: '/silent', handle: () => Promise.resolve({ events: silent() }) },
  {
    method: 'POST',
    path: '/small',
    body: { kind: 'json', most: 1000 },
    handle: ({ json }) => Promise.resolve({ status: 200, json }),
  },
];
const upgrades: readonly UpgradeRoute[] = [
  {
    path: '/echo/:project',
    protocol: 'mln-frames',
    accept: (call) => {
      if (call.parameters['project'] === 'no') return Promise.reject(failure('MLN_NOT_ALLOWED', 'not that one'));
      return Promise.resolve((stream) => void stream.pipe(stream));
    },
  },
];
const surface = surfaceOf(routes, { upgrades });
let socket: string;
beforeAll(async () => {
  socket = await answerOnSocket(surface);
});

function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath: socket, path, headers: { 'mln-protocol': '1' }, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
}

test('events are written as they come', async () => {
  const response = await open('/few');
  expect(response.headers['content-type']).toBe('text/event-stream');
  const text = (await buffer(response)).toString().replaceAll(': \n\n', '');
  expect(text).toBe([0, 1, 2].map((id) => `id: ${id}\ndata: "x"\n\n`).join(''));
});

test('no more events are made than are taken, and a client that takes none is let go', async () => {
  const before = ended;
  const response = await open('/many');
  response.pause();
  await once(surfaceEnds(before), 'ended');
  expect(given).toBeLessThan(10_000);
  response.destroy();
});

/** Tells when a stream has ended on the server's side. */
function surfaceEnds(before: number): EventEmitter {
  const target = new EventEmitter();
  const timer = setInterval(() => {
    if (ended === before) return;
    clearInterval(timer);
    target.emit('ended');
  }, 10);
  return target;
}

test('where nothing comes there are signs of life', async () => {
  const response = await open('/silent');
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.includes(': \n\n')) wake();
    if (text.includes('last')) break;
  }
  expect(text.startsWith('id: 0\ndata: "first"\n\n')).toBe(true);
});

test('a connection is taken over, with what came right behind the request', async () => {
  const head =
    'GET /echo/kafe HTTP/1.1\r\nHost: x\r\nmln-protocol: 1\r\nConnection: Upgrade\r\nUpgrade: mln-frames\r\n\r\n';
  const client = connect(socket);
  client.write(`${head}early`);
  let text = '';
  for await (const chunk of client) {
    text += String(chunk);
    if (text.endsWith('early')) client.end(' late');
  }
  expect(text).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n[\s\S]*\r\n\r\nearly late$/);
});

test.each([
  ['no', '1', 'mln-frames', 403],
  ['kafe', '2', 'mln-frames', 426],
  ['kafe', '1', 'websocket', 404],
  ['..%2fx', '1', 'mln-frames', 400],
])('a connection is not taken over where that is refused: %s %s %s', async (project, version, protocol, status) => {
  const head = `GET /echo/${project} HTTP/1.1\r\nHost: x\r\nmln-protocol: ${version}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
  const text = await sendRaw(socket, head);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text).toMatch(/"code":"MLN_/);
});

test('many small requests on one connection leave the heap as it was', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const one = async (index: number): Promise<void> => {
    const body = JSON.stringify({ index, filled: 'x'.repeat(500) });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(
        {
          socketPath: socket,
          path: '/small',
          method: 'POST',
          agent,
          headers: { 'mln-protocol': '1', 'content-length': body.length },
        },
        resolve,
      )
        .on('error', reject)
        .end(body);
    });
    expect((await buffer(response)).toString()).toBe(body);
  };
  const round = async (): Promise<number> => {
    for (let index = 0; index < 1000; index += 1) await one(index);
    surface.logged.length = 0;
    collect();
    return process.memoryUsage().heapUsed;
  };
  await round();
  const before = await round();
  const grown = (await round()) - before;
  agent.destroy();
  expect(grown).toBeLessThan(1024 * 1024);
});

test('an address has so many requests at once, and streams count', async () => {
  const peers = surfaceOf([], { limits: { requestsOfOne: 2 } }).peers;
  const [one, two] = [peers.begin('10.0.0.1'), peers.begin('10.0.0.1')];
  expect([peers.begin('10.0.0.1'), typeof peers.begin('10.0.0.2')]).toEqual([null, 'function']);
  one?.();
  two?.();
  expect(typeof peers.begin('10.0.0.1')).toBe('function');
  expect((await ask(socket, 'POST', '/small', { body: 1 })).json).toBe(1);
});

/** Has all be thrown away that nobody holds. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
