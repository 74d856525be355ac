import { mkdtempSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isMlnError, type Mln } from '@mln/core';
import { testKernel } from '../../../../test/support/test-kernel.js';
import type { FleetClient } from '../../src/client/client.js';
import type { Places } from '../../src/options.js';
import { principalText } from '../../src/protocol.js';
import type { Daemon } from '../../src/server/route.js';
import { ensureAuthority, issuePair, readAuthority } from '../../src/tls/authority.js';
import type { Wanted } from '../../src/tls/certificates.js';
import { certificateProblem, principalOf, serverOptions, type Identity } from '../../src/tls/identity.js';
import { readList } from '../../src/tls/revocations.js';
import { authorityRoutes } from '../../src/tls/routes.js';

/* A fleet on loopback: authorities in folders, and servers that answer who asks. */

/** The places of a daemon below one folder. */
export function placesIn(folder: string): Places {
  return {
    fleet: folder,
    roles: join(folder, 'roles.yaml'),
    state: join(folder, 'state'),
    socket: join(folder, 'socket'),
  };
}

export async function makeFleet(name: string): Promise<Places> {
  const places = placesIn(mkdtempSync(join(tmpdir(), 'mln-fleet-')));
  await ensureAuthority(places, name);
  return places;
}

/** Issues a certificate, and gives it as whoever has it would read it. */
export async function identityOf(places: Places, kind: Wanted['kind'], name: string, days = 1): Promise<Identity> {
  const { certificate, key } = await issuePair(places, { kind, name, days, addresses: ['127.0.0.1'] });
  const { certificate: authority } = await readAuthority(places);
  return { principal: { kind, name }, certificate, key, authority, revoked: await readList(places) };
}

/** A daemon as far as the routes of this folder need one. */
export async function daemonOf(places: Places, client: Partial<FleetClient> = {}): Promise<Daemon> {
  const silent = (): void => undefined;
  const mln: Mln = await testKernel([]);
  const parts = { mln, places, client, logger: { debug: silent, info: silent, warn: silent } };
  return parts as unknown as Daemon;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** A server that says who asks, or why nobody counts; with the routes of a daemon where one is given. */
export async function serve(
  identity: Identity,
  revoked: ReadonlySet<string> = new Set(),
  daemon?: Daemon,
): Promise<{ readonly server: Server; readonly port: number }> {
  const routes = daemon ? authorityRoutes(daemon) : [];
  const answer = async (incoming: IncomingMessage): Promise<Answer> => {
    const { socket } = incoming;
    if (!(socket instanceof TLSSocket)) throw new TypeError('this is no TLS');
    const principal = principalOf(socket, revoked);
    const route = routes.find(({ method, path }) => method === incoming.method && path === incoming.url);
    if (!principal && !route?.open) throw certificateProblem(socket, revoked);
    if (!route) return { status: 200, json: principal && principalText(principal) };
    let body = '';
    for await (const part of incoming) body += String(part);
    const json: unknown = body === '' ? null : JSON.parse(body);
    const reply = await route.handle({ principal, json } as Parameters<typeof route.handle>[0]);
    return 'json' in reply ? reply : { status: 'status' in reply ? reply.status : 200, json: null };
  };
  const server = createServer(serverOptions(identity), (incoming, response) => {
    answer(incoming)
      .catch((error: unknown): Answer => {
        if (!isMlnError(error)) return { status: 500, json: String(error) };
        return {
          status: error.code.includes('CERTIFICATE') ? 401 : 400,
          json: { problems: error.problems, exit: error.exit },
        };
      })
      .then(({ status, json }) => {
        response.writeHead(status).end(json === null ? '' : JSON.stringify(json));
      }, response.destroy.bind(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Asks a server once, by these options of a connection; gives what it says, or the code of why it was not asked. */
export function ask(port: number, options: object, path = '/', method = 'GET', body = ''): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ agent: false, ...options, host: '127.0.0.1', port, path, method }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => {
        resolve(`${response.statusCode ?? 0} ${said(text)}`);
      });
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve(`${error.code ?? ''} ${error.message}`);
    });
    sent.end(body);
  });
}

function said(text: string): string {
  if (text === '') return '';
  const value = JSON.parse(text) as
    string | { readonly problems?: readonly { readonly code: string; readonly message: string }[] };
  if (typeof value === 'string') return value;
  return value.problems ? value.problems.map(({ code, message }) => `${code} ${message}`).join('; ') : text;
}
