/** How much a daemon lets one client have. Times are in milliseconds, sizes in bytes. */
export interface Limits {
  /** Connections at once, in all and from one address. */
  readonly connections: number;
  readonly connectionsOfOne: number;
  /** Requests at once from one address; a stream of events is one for as long as it is open. */
  readonly requestsOfOne: number;
  /** Until a TLS connection is made. */
  readonly handshake: number;
  /** Until the head of a request is there. */
  readonly head: number;
  /** Until a body of JSON is there. */
  readonly body: number;
  /** How long nothing may come of a body of bytes, and nothing be taken of an answer. */
  readonly idle: number;
  /** How long a connection is kept with no request on it. */
  readonly keep: number;
  /** Between two signs of life on a stream of events. */
  readonly heartbeat: number;
}

export const usualLimits: Limits = {
  connections: 4096,
  connectionsOfOne: 512,
  requestsOfOne: 512,
  handshake: 10_000,
  head: 10_000,
  body: 30_000,
  idle: 60_000,
  keep: 120_000,
  heartbeat: 15_000,
};
