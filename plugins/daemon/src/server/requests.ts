import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { failure } from '@mln/core';
import { BEHALF_HEADER, principalText, PROTOCOL, PROTOCOL_HEADER, type Principal } from '../protocol.js';
import { behalfOf, type Guard } from './access.js';
import { readBody } from './body.js';
import { writeEvents } from './events.js';
import type { Limits } from './limits.js';
import type { Peers } from './peers.js';
import { badRequest, refusalOf } from './refusal.js';
import type { Call, Reply, Route, UpgradeRoute } from './route.js';
import { matching, type Match } from './routing.js';

/** What a listening daemon answers with. */
export interface Surface {
  readonly routes: readonly Route[];
  readonly upgrades: readonly UpgradeRoute[];
  readonly guard: Guard;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly peers: Peers;
  /** Aborted when the daemon ends: streams end then, and are asked for again. */
  readonly closing: AbortSignal;
  /** Is told of each request that is over. */
  readonly count?: (method: string, status: number) => void;
}

/** Who has sent a request. */
export interface Sender {
  readonly principal: Principal | null;
  /** Why nobody is known. */
  readonly why?: Error;
  /** Null: the unix socket. */
  readonly address: string | null;
}

/** Milliseconds, and bytes are thrown away, in which a client may read why it is refused while it still sends. */
const LINGER = 1000;

/** Answers one request; never throws. */
export async function answer(
  surface: Surface,
  request: IncomingMessage,
  response: ServerResponse,
  { principal, address, why }: Sender,
): Promise<void> {
  const { logger, limits, peers, closing } = surface;
  const began = performance.now();
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, closing]);
  const { method = '' } = request;
  const [path, query] = split(request.url ?? '');
  const over = address === null ? () => undefined : peers.begin(address);
  let behalf: Principal | null = null;
  response.once('close', () => {
    gone.abort();
    over?.();
    surface.count?.(method, response.statusCode);
    logger.info(
      {
        principal: principal && principalText(principal),
        ...(behalf === null ? {} : { onBehalfOf: principalText(behalf) }),
        ...(address === null ? {} : { address }),
        method,
        path,
        status: response.statusCode,
        ms: Math.round((performance.now() - began) * 10) / 10,
      },
      'request',
    );
  });
  // A cut connection is told by its end.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  try {
    if (over === null) throw badRequest('too many requests at once', { status: 429, headers: { 'retry-after': '1' } });
    const { route, parameters } = chosen(
      surface.routes,
      method,
      path,
      principal === null ? (why ?? noCertificate()) : null,
    );
    requireProtocol(request, path);
    if (principal !== null) behalf = behalfOf(principal, header(request, BEHALF_HEADER));
    const json = await readBody(request, route, limits);
    const call: Call = {
      ...callOf(surface, request, principal, behalf),
      parameters,
      query: new URLSearchParams(query),
      json,
      stream: request,
      signal,
    };
    const reply = await route.handle(call);
    if ('events' in reply) await writeEvents(response, reply.events, limits, signal);
    else write(request, response, reply);
  } catch (error) {
    refuse(surface, request, response, error);
  }
}

/** What a call has of its sender, whatever it asks. */
export function callOf(
  { guard }: Pick<Surface, 'guard'>,
  request: IncomingMessage,
  principal: Principal | null,
  onBehalfOf: Principal | null,
): Pick<Call, 'principal' | 'onBehalfOf' | 'header' | 'require'> {
  return {
    principal,
    onBehalfOf,
    header: (name) => header(request, name),
    require(verb, project) {
      if (principal === null) throw noCertificate();
      guard({ principal, onBehalfOf }, verb, project);
    },
  };
}

/** Throws MLN_WRONG_PROTOCOL where a request does not say the version that is spoken here. */
export function requireProtocol(request: IncomingMessage, path: string): void {
  const said = header(request, PROTOCOL_HEADER);
  if (said === String(PROTOCOL) || (said === undefined && path === '/metrics')) return;
  const theirs = said === undefined ? 'a client says none' : `a client speaks ${JSON.stringify(said.slice(0, 20))}`;
  throw failure('MLN_WRONG_PROTOCOL', `${theirs}, and version ${PROTOCOL} of the protocol is spoken here`, {
    hint: `use an mln of the same version at both ends; the version stands in the header ${PROTOCOL_HEADER}`,
  });
}

export function noCertificate(): Error {
  return failure('MLN_NO_CERTIFICATE', 'a certificate of the fleet is wanted here', {
    hint: 'mln ca join gets one, or mln ca issue makes one',
  });
}

/** The path and the query of what was asked for. */
export function split(url: string): readonly [path: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

export function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Whoever is nobody is told why on all routes but those that are open, also where there is none. */
function chosen(routes: readonly Route[], method: string, path: string, nobody: Error | null): Match<Route> {
  const found = path.startsWith('/') ? matching(routes, path) : [];
  const match = found.find(({ route }) => route.method === method || (route.method === 'GET' && method === 'HEAD'));
  if (nobody !== null && match?.route.open !== true) throw nobody;
  if (match) return match;
  if (found.length === 0) throw badRequest('there is no such path', { status: 404 });
  const allow = [...new Set(found.map(({ route }) => route.method))].join(', ');
  throw badRequest(`${method} is not what can be done there`, { status: 405, headers: { allow } });
}

function write(request: IncomingMessage, response: ServerResponse, reply: Exclude<Reply, { events: unknown }>): void {
  const given = 'headers' in reply ? reply.headers : {};
  if ('json' in reply) send(response, reply.status, JSON.stringify(reply.json), 'application/json', given);
  else if ('text' in reply) send(response, reply.status, reply.text, reply.type, given);
  else response.writeHead(reply.status, { ...given, ...(reply.status === 204 ? {} : { 'content-length': 0 }) }).end();
  finish(request, response);
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers }).end(text);
}

function refuse(
  { logger }: Pick<Surface, 'logger'>,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const { status, body, headers = {}, fault } = refusalOf(error);
  if (fault !== undefined) logger.error({ err: fault, path: split(request.url ?? '')[0] }, 'fault');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const more = request.complete ? headers : { ...headers, connection: 'close' };
  send(response, status, JSON.stringify(body), 'application/json', more);
  finish(request, response);
}

/** What is still sent of a body that nobody wants is thrown away for a moment, so that the answer is read; then it is cut off. */
function finish(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER);
  response.once('close', () => {
    clearTimeout(timer);
    if (!request.complete) request.socket.destroy();
  });
}
