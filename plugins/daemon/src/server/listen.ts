import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import {
  createServer as createSecureServer,
  type Server as SecureServer,
  type ServerOptions as SecureOptions,
} from 'node:https';
import { isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { failure, messageOf } from '@mln/core';
import { addressText, type Address } from '../client/address.js';
import type { Principal } from '../protocol.js';
import { guardConnections } from './peers.js';
import type { Limits } from './limits.js';
import { answer, type Sender, type Surface } from './requests.js';
import { takeOver } from './upgrade.js';

const local: Sender = { principal: { kind: 'local', name: 'local' }, address: null };

/** The server of the unix socket: whoever can open that is a user of this machine who may. */
export function localServer(surface: Surface): Server {
  const server = createServer(options(surface.limits));
  return answering(server, surface, () => local);
}

/** The server of the network: TLS, and a certificate of the fleet where a route is not open to all. */
export function fleetServer(
  surface: Surface,
  secure: SecureOptions,
  /** Who is at the other end, or why that is nobody who counts. */
  principalOf: (socket: TLSSocket) => Principal | Error,
): SecureServer {
  const server = createSecureServer({
    ...options(surface.limits),
    ...secure,
    handshakeTimeout: surface.limits.handshake,
  });
  guardConnections(server, (socket) => surface.peers.admit(socket));
  // Whoever speaks no TLS, or breaks off, is not answered.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return answering(server, surface, ({ socket }) => {
    const found = principalOf(socket as unknown as TLSSocket);
    const address = socket.remoteAddress ?? '';
    return found instanceof Error ? { principal: null, why: found, address } : { principal: found, address };
  });
}

function options({ head, keep }: Limits): ServerOptions {
  return {
    headersTimeout: head,
    // Bodies have times of their own: a template takes hours on a slow line.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, head),
    keepAliveTimeout: keep,
    noDelay: true,
    requireHostHeader: true,
  };
}

function answering<S extends Server>(server: S, surface: Surface, sender: (request: IncomingMessage) => Sender): S {
  server.maxConnections = surface.limits.connections;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void answer(surface, request, response, sender(request));
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    void takeOver(surface, request, stream, head, sender(request));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, stream: Duplex) => {
    if (error.code === 'ECONNRESET' || !stream.writable) {
      stream.destroy();
      return;
    }
    stream.end(`HTTP/1.1 ${broken[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
  });
  return server;
}

/** What is answered to what is no request, by Node's codes. */
const broken: Readonly<Partial<Record<string, string>>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Has a server listen. Throws MLN_DAEMON, which says why it cannot. */
export async function listenOn(server: Server, where: Address | string): Promise<void> {
  const text = typeof where === 'string' ? where : addressText(where);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const why: Partial<Record<string, string>> = {
        EADDRINUSE: 'something else listens there',
        EADDRNOTAVAIL: 'this machine has no such address',
        EACCES: 'the calling user may not',
      };
      reject(
        failure('MLN_DAEMON', `the daemon cannot listen on ${text}: ${why[error.code ?? ''] ?? messageOf(error)}`, {
          cause: error,
          hint: 'the option listen of @mln/plugin-daemon says where',
        }),
      );
    };
    server.once('error', fail);
    const done = (): void => {
      server.off('error', fail);
      resolve();
    };
    if (typeof where === 'string') server.listen(where, done);
    else server.listen({ ...where, ipv6Only: !isIPv4(where.host) }, done);
  });
}
