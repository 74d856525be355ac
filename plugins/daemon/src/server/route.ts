import type { Readable } from 'node:stream';
import type { Mln } from '@mln/core';
import type { Logger } from 'pino';
import type { FleetClient } from '../client/client.js';
import type { Operations } from '../operations/operations.js';
import type { Options, Places } from '../options.js';
import type { Principal, Verb } from '../protocol.js';

/** A daemon while it runs; what its routes are made of. Options and certificates are read anew at a reload. */
export interface Daemon {
  readonly mln: Mln;
  readonly options: Options;
  readonly places: Places;
  /** The server's name; null where it has none. */
  readonly name: string | null;
  readonly logger: Logger;
  readonly client: FleetClient;
  readonly operations: Operations;
  /** The folders in which built projects lie: the server's own, then those of the users whose guests run here. */
  projectFolders(): Promise<readonly string[]>;
}

/** A request that has come in, whose sender is known. */
export interface Call {
  /** Null on open routes alone, where no certificate was shown. */
  readonly principal: Principal | null;
  /** For whom a server asks; the rights of both are wanted then. */
  readonly onBehalfOf: Principal | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  /** The body, where the route takes JSON. */
  readonly json: unknown;
  /** The body, where the route takes bytes. */
  readonly stream: Readable;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Throws MLN_NOT_ALLOWED, which names the right that is missing, on the project where one is named. */
  require(verb: Verb, project?: string): void;
}

/** One event of a stream of server-sent events. */
export interface ServerEvent {
  readonly id: number;
  /** Written as JSON. */
  readonly data: unknown;
}

export type Reply =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string; readonly type: string }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly events: AsyncIterable<ServerEvent> };

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Segments that begin with a colon are parameters: `/v1/operations/:id`. */
  readonly path: string;
  /** It answers whoever connects, certificate or not. */
  readonly open?: true;
  /** A body is taken, of at most so many bytes. */
  readonly body?: { readonly kind: 'json' | 'bytes'; readonly most: number };
  handle(call: Call): Promise<Reply>;
}

/** A route that takes the connection over: `GET` with `Upgrade: PROTOCOL`. */
export interface UpgradeRoute {
  readonly path: string;
  readonly protocol: string;
  /** Answers before the connection is taken over; throws what refuses it. The stream is raw from then on. */
  accept(call: Call): Promise<(stream: import('node:stream').Duplex) => void>;
}
