import { X509Certificate } from 'node:crypto';
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createSecureContext, type ConnectionOptions, type SecureContextOptions } from 'node:tls';
import { failure, type Mln } from '@mln/core';
import { placesOf, type Options } from '../options.js';
import { addressText, readAddress, type Address } from './address.js';
import { RELAY_HEADER, RELAY_VARIABLE } from './relay.js';

/** How a server is reached. */
export interface Way {
  /** Its name, as messages call it. */
  readonly server: string;
  /** Its address, or its socket. */
  readonly where: string;
  /** It is this machine's own daemon. */
  readonly local: boolean;
  /** Begins a request; connections are kept and used again. */
  begin(options: Pick<RequestOptions, 'method' | 'path' | 'headers'>): ClientRequest;
}

export interface Ways {
  /** Throws MLN_NO_SERVER where no address is known, and what is wrong with our own certificate. */
  to(server: string): Promise<Way>;
  close(): void;
}

/** Milliseconds that an unused connection is kept. */
const KEPT = 60_000;

/** The ways to all servers. Certificates are read when the first of them is reached that is not this machine. */
export function createWays(mln: Mln, options: Options, local: string): Ways {
  const places = placesOf(options, mln.folders);
  const here = mln.configuration.serviceHost;
  const agents: { destroy(): void }[] = [];
  const ways = new Map<string, Promise<Way>>();
  const relay = process.env[RELAY_VARIABLE];
  let credentials: Promise<Credentials> | null = null;

  const toSocket = (): Way => {
    const agent = new PlainAgent({ keepAlive: true, timeout: KEPT });
    agents.push(agent);
    const server = here ?? 'the daemon of this machine';
    return {
      server,
      where: places.socket,
      local: true,
      begin: (each) => plainRequest({ ...each, socketPath: places.socket, host: 'localhost', agent }),
    };
  };
  const toRelay = (path: string, name: string, server: string): Way => {
    const agent = new PlainAgent({ keepAlive: true, timeout: KEPT });
    agents.push(agent);
    return {
      server: name === local ? (here ?? 'the daemon of this machine') : server,
      where: path,
      local: name === local,
      begin: ({ headers, ...each }) =>
        plainRequest({
          ...each,
          headers: { ...(headers as OutgoingHttpHeaders), [RELAY_HEADER]: name },
          socketPath: path,
          host: 'localhost',
          agent,
        }),
    };
  };
  const toServer = async (server: string): Promise<Way> => {
    const address = addressOf(server, options);
    const where = addressText(address);
    credentials ??= readCredentials(places.fleet);
    const { optionsFor, context, ends } = await credentials.catch((error: unknown) => {
      credentials = null;
      throw error;
    });
    refuseExpired(ends, server, where, join(places.fleet, 'self.pem'));
    const agent = new Agent({
      keepAlive: true,
      timeout: KEPT,
      ...withoutCredentials(optionsFor(server)),
      secureContext: context,
    });
    agents.push(agent);
    return { server, where, local: false, begin: (each) => request({ ...each, ...address, agent }) };
  };

  return {
    to(server) {
      const name = server === here ? local : server;
      const known = ways.get(name);
      if (known) return known;
      const made = relay
        ? Promise.resolve(toRelay(relay, name, server))
        : name === local
          ? Promise.resolve(toSocket())
          : toServer(name);
      ways.set(name, made);
      made.catch(() => ways.delete(name));
      return made;
    },
    close() {
      for (const agent of agents) agent.destroy();
      ways.clear();
    },
  };
}

/** What is read once for all servers. */
interface Credentials {
  readonly optionsFor: (server: string) => ConnectionOptions;
  readonly context: ReturnType<typeof createSecureContext>;
  /** When our certificate ends. */
  readonly ends: Date;
}

async function readCredentials(fleet: string): Promise<Credentials> {
  const { clientOptions, readIdentity } = await import('../tls/identity.js');
  const identity = await readIdentity(fleet);
  return {
    optionsFor: (server) => clientOptions(identity, server),
    context: createSecureContext(clientOptions(identity, '')),
    ends: new Date(new X509Certificate(identity.certificate).validTo),
  };
}

/** The options of a connection that are not in a context that many share. */
function withoutCredentials(options: ConnectionOptions): ConnectionOptions {
  const inContext: readonly (keyof SecureContextOptions)[] = ['ca', 'cert', 'key', 'crl', 'minVersion', 'maxVersion'];
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !(inContext as readonly string[]).includes(name)),
  );
}

function addressOf(server: string, { servers = {} }: Options): Address {
  const text = Object.hasOwn(servers, server) ? servers[server] : undefined;
  if (text === undefined)
    throw failure('MLN_NO_SERVER', `no address is known of the server ${server}`, {
      hint:
        Object.keys(servers).length === 0
          ? `the option servers of @mln/plugin-daemon has addresses: { "${server}": "ADDRESS" }`
          : `the option servers of @mln/plugin-daemon knows ${Object.keys(servers).join(', ')}`,
    });
  const address = readAddress(text);
  if (address) return address;
  throw failure('MLN_BAD_CONFIGURATION', `the address of the server ${server} cannot be read: ${text}`, {
    hint: 'write HOST, HOST:PORT or [ADDRESS]:PORT',
  });
}

function refuseExpired(ends: Date, server: string, where: string, file: string): void {
  if (ends.getTime() > Date.now()) return;
  throw failure(
    'MLN_BAD_CERTIFICATE',
    `${server} (${where}) is not asked: our own certificate ${file} has expired, on ${ends.toISOString().slice(0, 10)}`,
    { hint: 'mln ca join gets a new one' },
  );
}
