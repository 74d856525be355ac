import { mkdirSync, writeFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as plainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { createMln, type Mln } from '@mln/core';
import * as core from '@mln/core';
import { scratchFolder } from '../../../../core/test/scratch.js';
import type { Options } from '../../src/options.js';
import { certify, makeAuthority, makeKey, type Pair, type Wanted } from '../../src/tls/certificates.js';
import { readIdentity, serverOptions } from '../../src/tls/identity.js';

/** A request as it has come in. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers a request; nothing is answered where it does nothing. */
export type Answer = (asked: Asked, response: ServerResponse) => void;

export interface FakeServer {
  readonly address: string;
  /** What was asked, in its order: method and path. */
  readonly asked: string[];
  /** How many connections were made. */
  connections: number;
  answer: Answer;
  /** Ends all connections at once, and listens no more until `listen` is called. */
  cut(): Promise<void>;
  listen(): Promise<void>;
}

export interface FakeFleet {
  readonly folder: string;
  /** Writes a certificate and its key into a folder of the fleet, and gives it. */
  identity(wanted: Partial<Wanted>, authority?: Pair): Promise<string>;
  /** What a server of this name listens with. */
  listening(name: string): Promise<ServerOptions>;
  /** A server with a certificate of its own name, or another. */
  server(name: string, answer: Answer, wanted?: Partial<Wanted>, authority?: Pair): Promise<FakeServer>;
  /** A kernel, and options with which it reaches these servers. */
  readonly mln: (serviceHost?: string) => Promise<Mln>;
  readonly options: (servers: Readonly<Record<string, string>>, more?: Options) => Options;
}

const open: FakeServer[] = [];

afterAll(async () => {
  for (const server of open) await server.cut();
});

/** An authority, and whom it has certified: `user` is the caller's. */
export async function fakeFleet(): Promise<FakeFleet> {
  const folder = scratchFolder();
  const ours = await makeAuthority('test');
  let made = 0;
  const identity: FakeFleet['identity'] = async (wanted, authority = ours) => {
    const to = join(folder, `identity-${(made += 1)}`);
    const key = makeKey();
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    const details: Wanted = { name: 'alice', kind: 'user', days: 1, addresses: ['127.0.0.1'], ...wanted };
    mkdirSync(to);
    writeFileSync(join(to, 'self.pem'), await certify(authority, spki, details));
    writeFileSync(join(to, 'ca.pem'), ours.certificate);
    writeFileSync(join(to, 'self.key'), key, { mode: 0o600 });
    return to;
  };
  const fleet = await identity({});
  return {
    folder,
    identity,
    listening: async (name) => serverOptions(await readIdentity(await identity({ name, kind: 'server' }))),
    server: async (name, answer, wanted = {}, authority = ours) => {
      const own = await identity({ name, kind: 'server', ...wanted }, authority);
      const options = serverOptions(await readIdentity(own));
      return listening((listener) => createServer(options, listener), 0, answer);
    },
    mln: (serviceHost) => {
      const folders = { projects: join(folder, 'projects'), templates: folder, files: folder };
      return createMln({
        core,
        shell: (program) => Promise.reject(new Error(`${program} is not to be run`)),
        folders,
        configuration: {
          plugins: [],
          template: 'tiny',
          serviceHost: serviceHost ?? null,
          stopWait: 1,
          folders,
          origins: {},
        },
        plugins: [],
      });
    },
    options: (servers, more = {}) => ({ servers, fleet, socket: join(folder, 'socket'), timeout: 10, ...more }),
  };
}

/** A daemon on a unix socket. */
export function localServer(socket: string, answer: Answer): Promise<FakeServer> {
  return listening((listener) => plainServer(listener), socket, answer);
}

async function listening(
  create: (listener: RequestListener) => Server,
  at: string | number,
  answer: Answer,
): Promise<FakeServer> {
  const sockets = new Set<{ destroy(): void }>();
  const server = create((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      fake.asked.push(`${method} ${path}`);
      fake.answer({ method, path, headers, body: Buffer.concat(pieces) }, response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    fake.connections += 1;
  });
  let port = at;
  const fake: FakeServer = {
    get address() {
      return typeof port === 'string' ? port : `127.0.0.1:${port}`;
    },
    asked: [],
    connections: 0,
    answer,
    async cut() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    async listen() {
      if (typeof port === 'string') server.listen(port);
      else server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      if (typeof port === 'number') ({ port } = server.address() as AddressInfo);
    },
  };
  await fake.listen();
  open.push(fake);
  return fake;
}

/** Answers with JSON. */
export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
