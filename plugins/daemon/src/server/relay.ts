import { chmod, chown, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { isMlnError } from '@mln/core';
import { LOCAL } from '../client/local.js';
import { RELAY_HEADER } from '../client/relay.js';
import { unreachable } from '../client/unreachable.js';
import type { Way, Ways } from '../client/way.js';
import { BEHALF_HEADER, principalText } from '../protocol.js';
import type { Asker } from './access.js';
import { listenOn } from './listen.js';
import { badRequest, refusalOf } from './refusal.js';
import { passUpgrade } from './relay-upgrade.js';
import { answer, header, split, type Surface } from './requests.js';

/** What a relay is made of. */
export interface Relaying {
  readonly surface: Surface;
  readonly ways: () => Ways;
}

/** Headers that are of one connection, or are set anew. */
const own: readonly string[] = ['host', 'connection', 'keep-alive', 'upgrade', RELAY_HEADER, BEHALF_HEADER];

/**
 * Listens on a socket that one user alone may open, and passes requests on to this daemon and to other servers in the name of
 * those who asked for an operation: other servers want the right of both, and of this one nothing is asked but tunnels.
 */
export async function openRelay(
  { surface, ways }: Relaying,
  path: string,
  owner: { readonly uid: number; readonly gid: number },
  { principal, onBehalfOf }: Asker,
): Promise<Server> {
  const who = onBehalfOf ?? principal;
  const server = createServer((request, response) => {
    const to = header(request, RELAY_HEADER) ?? '';
    const [path] = split(request.url ?? '');
    if (to === LOCAL && !path.startsWith('/v1/tunnels/'))
      refuse(surface, request, response, badRequest('nothing but tunnels is asked of the own daemon', { status: 403 }));
    else if (to === LOCAL) void answer(surface, request, response, { principal: who, address: null });
    else
      pass(ways, to, request, response, principalText(who)).catch((error: unknown) => {
        refuse(surface, request, response, error);
      });
  });
  server.on('upgrade', (request: IncomingMessage, near: Duplex) => {
    const to = header(request, RELAY_HEADER) ?? '';
    const headers = {
      ...passedOn(request, principalText(who)),
      connection: 'Upgrade',
      upgrade: request.headers.upgrade,
    };
    const way = async (): Promise<Way> => {
      if (to !== '' && to !== LOCAL) return ways().to(to);
      throw badRequest('only connections to other servers are passed on', { status: 403 });
    };
    void passUpgrade(way, request, near, headers);
  });
  await rm(path, { force: true });
  const mask = process.umask(0o177);
  const listening = listenOn(server, path);
  process.umask(mask);
  await listening;
  await chown(path, owner.uid, owner.gid);
  await chmod(path, 0o600);
  server.unref();
  return server;
}

async function pass(
  ways: () => Ways,
  to: string,
  request: IncomingMessage,
  response: ServerResponse,
  who: string,
): Promise<void> {
  if (to === '') throw badRequest(`the header ${RELAY_HEADER} names no server`);
  const way = await ways().to(to);
  const headers = passedOn(request, who);
  const { method = 'GET', url = '/' } = request;
  await piped(way, way.begin({ method, path: url, headers }), request, response);
}

function passedOn({ headers }: IncomingMessage, who: string): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name));
  return { ...Object.fromEntries(kept), [BEHALF_HEADER]: who };
}

function piped(
  way: Way,
  outgoing: ReturnType<Way['begin']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', (error) => {
      reject(unreachable(way, error));
    });
    outgoing.on('response', (answered: IncomingMessage) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.on('error', () => response.destroy());
      answered.pipe(response);
      resolve();
    });
    response.on('close', () => outgoing.destroy());
    request.on('error', () => outgoing.destroy());
    request.pipe(outgoing);
  });
}

function refuse({ logger }: Surface, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (!isMlnError(error)) logger.error({ err: error, path: split(request.url ?? '')[0] }, 'fault');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, body } = refusalOf(error);
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
}
