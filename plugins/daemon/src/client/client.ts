import type { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Mln } from '@mln/core';
import type { Options } from '../options.js';
import type { Principal } from '../protocol.js';

/** How a request is made; times are in milliseconds. */
export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Until the answer is there; that of the configuration where left out, Infinity for none. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
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

/** The name of this machine's own daemon, reached by its unix socket. */
export const LOCAL = 'unix';

/** Makes a client; for requests in the name of somebody else where `onBehalfOf` is given. */
export function createClient(_mln: Mln, _options: Options, _onBehalfOf: Principal | null = null): FleetClient {
  throw new Error('not there yet');
}
