import type { OutgoingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Mln } from '@mln/core';
import { timeoutOf, type Options } from '../options.js';
import { BEHALF_HEADER, principalText, PROTOCOL, PROTOCOL_HEADER, type Principal } from '../protocol.js';
import { readAnswer } from './answer.js';
import { exchange, upload } from './exchange.js';
import { followEvents } from './follow-events.js';
import { upgrade } from './upgrade.js';
import { LOCAL } from './local.js';
import { createWays, type Way } from './way.js';

/** How a request is made; times are in milliseconds. */
export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Until the answer is there; that of the configuration where left out, Infinity for none. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Asking twice does no harm; all but POST where left out. */
  readonly again?: boolean;
  /** The answer may take long: whenever the time is over the server is asked whether it lives, and waited for if so. */
  readonly patient?: true;
}

/**
 * Talks with the daemons of other servers, by their names in the configuration, and (LOCAL) with this machine's own by its
 * unix socket. All methods throw what the server says went wrong, and MLN_NO_SERVER, naming server and address, where it
 * cannot be reached, does not answer in time, or is not who it should be.
 */
export interface FleetClient {
  /** The names of the servers that are configured. */
  readonly servers: readonly string[];
  /** Gives the JSON of the answer; null where it has none. */
  request(server: string, method: string, path: string, options?: RequestOptions): Promise<unknown>;
  /** Sends bytes. */
  upload(
    server: string,
    path: string,
    bytes: Readable,
    options: { readonly length: number; readonly signal?: AbortSignal },
  ): Promise<unknown>;
  /**
   * Server-sent events, from the one behind `after` (-1: all). Where the connection breaks it is made again, and goes on
   * where it was; it throws MLN_NO_SERVER where that takes longer than the limit.
   */
  events(
    server: string,
    path: string,
    options: { readonly after: number; readonly signal?: AbortSignal },
  ): AsyncIterable<{ readonly id: number; readonly data: unknown }>;
  /** Takes a connection over. */
  upgrade(server: string, path: string, protocol: string): Promise<Duplex>;
  /** Ends all connections. */
  close(): void;
}

export { LOCAL } from './local.js';

/** How many times as long as an answer may take a stream may be silent, and a server that was there be gone. */
const SILENCE = 4;
const PATIENCE = 6;

/** Makes a client; for requests in the name of somebody else where `onBehalfOf` is given. Nothing is read or connected yet. */
export function createClient(mln: Mln, options: Options, onBehalfOf: Principal | null = null): FleetClient {
  const ways = createWays(mln, options, LOCAL);
  const usual = timeoutOf(options);
  const common: OutgoingHttpHeaders = {
    [PROTOCOL_HEADER]: PROTOCOL,
    ...(onBehalfOf === null ? {} : { [BEHALF_HEADER]: principalText(onBehalfOf) }),
  };
  const probe = (way: Way): Promise<unknown> =>
    exchange(way, { method: 'GET', path: '/v1/server', headers: common, limit: usual, again: true });

  return {
    servers: Object.keys(options.servers ?? {}),
    async request(server, method, path, { body, timeout = usual, signal, again = method !== 'POST', patient } = {}) {
      const way = await ways.to(server);
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await exchange(
        way,
        {
          method,
          path,
          headers: {
            ...common,
            accept: 'application/json',
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
          ...(text === undefined ? {} : { body: text }),
          signal,
          limit: timeout,
          again,
        },
        patient === true ? () => probe(way) : undefined,
      );
      return readAnswer(answer, way.server, way.where);
    },
    async upload(server, path, bytes, { length, signal }) {
      const way = await ways.to(server).catch((error: unknown) => {
        bytes.destroy();
        throw error;
      });
      const headers = { ...common, 'content-type': 'application/octet-stream', 'content-length': length };
      const answer = await upload(way, { method: 'PUT', path, headers, signal, limit: usual }, bytes, () => probe(way));
      return readAnswer(answer, way.server, way.where);
    },
    async *events(server, path, { after, signal }) {
      const way = await ways.to(server);
      yield* followEvents(way, {
        path,
        headers: common,
        after,
        signal,
        limit: usual,
        silence: SILENCE * usual,
        patience: PATIENCE * usual,
        probe: () => probe(way),
      });
    },
    async upgrade(server, path, protocol) {
      return upgrade(await ways.to(server), path, protocol, { headers: common, limit: usual });
    },
    close() {
      ways.close();
    },
  };
}
