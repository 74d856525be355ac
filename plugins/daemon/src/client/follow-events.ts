import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { isMlnError } from '@mln/core';
import { readAnswer, rubbish } from './answer.js';
import { createEventParser } from './event-parser.js';
import { bodyOf, connectionCut, headOf, watchOver, type Watch } from './exchange.js';
import { isUnreachable, unreachable } from './unreachable.js';
import type { Way } from './way.js';

/** Milliseconds until the first try to connect again, and the most that are waited; each time is twice the last. */
const FIRST = 100;
const LONGEST = 2000;

/** A stream of server-sent events that is followed. Times are in milliseconds. */
export interface Following {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  /** The event that was seen last; -1: none. */
  readonly after: number;
  readonly signal?: AbortSignal | undefined;
  /** Until the head of the answer is there. */
  readonly limit: number;
  /** How long nothing need come before it is asked whether the server lives. */
  readonly silence: number;
  /** How long the server may be gone. */
  readonly patience: number;
  /** Asks whether the server lives; throws why not. */
  readonly probe: () => Promise<unknown>;
}

export interface FollowedEvent {
  readonly id: number;
  readonly data: unknown;
}

/**
 * Follows a stream. A connection that breaks is made again, and the stream goes on behind the last event that was seen; a
 * link that is down breaks nothing, so a server that is silent for long is asked whether it lives. Ends when the server ends
 * the stream, or with the signal; throws what the server says is wrong, and MLN_NO_SERVER where it is gone for too long.
 */
export async function* followEvents(way: Way, following: Following): AsyncGenerator<FollowedEvent, void> {
  const { signal, patience } = following;
  let last = following.after;
  let wait = FIRST;
  let alive = performance.now();
  const live = (): void => {
    alive = performance.now();
  };
  while (!signal?.aborted) {
    let error: unknown;
    try {
      for await (const event of once(way, { ...following, after: last }, live)) {
        wait = FIRST;
        // What comes twice was sent before the connection broke.
        if (event.id <= last) continue;
        last = event.id;
        yield event;
      }
      return;
    } catch (thrown) {
      error = thrown;
    }
    if (signal?.aborted) return;
    // A daemon that ends says so, and the next one goes on.
    const draining = isMlnError(error) && error.code === 'MLN_DAEMON';
    if (!draining && !isUnreachable(error)) throw error;
    if (performance.now() - alive + wait > patience) throw error;
    await pause(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    wait = Math.min(wait * 2, LONGEST);
  }
}

/** Follows a stream over one connection. */
async function* once(way: Way, following: Following, live: () => void): AsyncGenerator<FollowedEvent, void> {
  const { path, headers, after, limit, signal } = following;
  const request = way.begin({
    method: 'GET',
    path,
    headers: { ...headers, accept: 'text/event-stream', ...(after < 0 ? {} : { 'last-event-id': after }) },
  });
  let watch = watchOver(request, limit, signal);
  try {
    const head = headOf(request);
    request.end();
    const response = await head;
    if (response.statusCode !== 200) {
      readAnswer({ status: response.statusCode ?? 0, body: await bodyOf(way, response) }, way.server, way.where);
      throw rubbish(way.server, way.where, 'it sends no events');
    }
    watch.over();
    // Where the server lives, the connection may be dead all the same: another one is made.
    watch = watchOver(request, following.silence, signal, () => following.probe().then(connectionCut));
    yield* eventsIn(way, response, watch, live);
  } catch (error) {
    if (isMlnError(watch.reason)) throw watch.reason;
    if (isMlnError(error) || signal?.aborted) throw error;
    throw unreachable(way, watch.reason ?? error);
  } finally {
    watch.over();
    request.destroy();
  }
}

async function* eventsIn(
  way: Way,
  response: IncomingMessage,
  watch: Watch,
  live: () => void,
): AsyncGenerator<FollowedEvent, void> {
  const parse = createEventParser();
  for await (const piece of response as AsyncIterable<Buffer>) {
    live();
    watch.touch();
    for (const { id, data } of parsed(way, () => parse(piece))) {
      const number = id === null || !/^\d{1,15}$/.test(id) ? NaN : Number(id);
      if (Number.isNaN(number)) throw rubbish(way.server, way.where, 'it sends an event without a number');
      yield { id: number, data: parsed(way, () => JSON.parse(data) as unknown) };
      watch.touch();
    }
  }
}

function parsed<T>(way: Way, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw rubbish(way.server, way.where, 'it sends events that cannot be read', error);
  }
}
