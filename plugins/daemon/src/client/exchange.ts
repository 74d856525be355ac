import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { isMlnError } from '@mln/core';
import { rubbish, type Answer } from './answer.js';
import { silence, unreachable } from './unreachable.js';
import type { Way } from './way.js';

/** Bytes that an answer may have. */
const MOST = 64 * 1024 * 1024;

/** One request. Times are in milliseconds. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Until the whole answer is there. */
  readonly limit: number;
  /** Where the connection was kept, and the server had ended it, the request is made again: it does no harm twice. */
  readonly again: boolean;
}

/** Ends a request that is given up, and remembers why. */
export interface Watch {
  readonly reason: unknown;
  /** Sets the time anew. */
  touch(): void;
  over(): void;
}

/**
 * Watches over a request: it ends after so many milliseconds, or with the signal. Where `late` is given it says then why the
 * request ends, by what it gives or throws, or (null) that it is waited on.
 */
export function watchOver(
  request: ClientRequest,
  limit: number,
  signal?: AbortSignal,
  late: () => Promise<unknown> = () => Promise.resolve(silence(limit)),
): Watch {
  let reason: unknown;
  let beats = 0;
  let timer: NodeJS.Timeout | undefined;
  const give = (why: unknown): void => {
    reason ??= why;
    request.destroy(why instanceof Error ? why : undefined);
  };
  const abort = (): void => {
    give(signal?.reason ?? new Error('aborted'));
  };
  const touch = (): void => {
    if (beats === Infinity) return;
    beats += 1;
    clearTimeout(timer);
    if (limit !== Infinity) timer = setTimeout(expire, limit);
  };
  const expire = (): void => {
    const before = beats;
    const decide = (why: unknown): void => {
      // Something has come, or it is over, in the meantime.
      if (beats !== before) return;
      if (why === null) touch();
      else give(why);
    };
    late().then(decide, decide);
  };
  // What goes wrong behind the answer's head is told by the answer.
  request.on('error', () => undefined);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  touch();
  return {
    get reason() {
      return reason;
    },
    touch,
    over() {
      beats = Infinity;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** Waits for the head of the answer. */
export function headOf(request: ClientRequest): Promise<IncomingMessage> {
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
    request.once('close', () => {
      reject(connectionCut());
    });
  });
  // What goes wrong before anybody waits for it is told by whatever did.
  head.catch(() => undefined);
  return head;
}

/**
 * Makes a request and gives the whole answer. Throws why the server was not reached. Where `alive` is given the limit is not
 * the last word: it is asked then whether the server lives.
 */
export async function exchange(way: Way, call: Call, alive?: () => Promise<unknown>): Promise<Answer> {
  for (;;) {
    const request = way.begin(call);
    const watch = watchOver(request, call.limit, call.signal, alive && (() => alive().then(() => null)));
    let answered = false;
    try {
      const head = headOf(request);
      request.end(call.body);
      const response = await head;
      answered = true;
      return { status: response.statusCode ?? 0, body: await bodyOf(way, response) };
    } catch (error) {
      if (isMlnError(watch.reason)) throw watch.reason;
      if (isMlnError(error)) throw error;
      if (watch.reason === undefined && call.again && !answered && wasStale(request, error)) continue;
      throw call.signal?.aborted ? error : unreachable(way, watch.reason ?? error);
    } finally {
      watch.over();
    }
  }
}

/**
 * Sends bytes, and gives the answer. The limit is on how long nothing may move; while the server looks at what it has got,
 * `alive` is asked each time in the stead.
 */
export async function upload(
  way: Way,
  call: Omit<Call, 'again' | 'body'>,
  bytes: Readable,
  alive: () => Promise<unknown>,
): Promise<Answer> {
  const request = way.begin(call);
  const progress = { sent: false };
  const watch = watchOver(request, call.limit, call.signal, () =>
    progress.sent ? alive().then(() => null) : Promise.resolve(silence(call.limit)),
  );
  let broken: { readonly error: unknown } | null = null;
  try {
    const head = headOf(request);
    const fed = feed(request, bytes, watch).then(
      () => {
        progress.sent = true;
      },
      (error: unknown) => {
        broken = bytes.errored === error ? { error } : null;
        request.destroy(error as Error);
      },
    );
    const response = await head;
    const answer = { status: response.statusCode ?? 0, body: await bodyOf(way, response) };
    // Who answers before all has come takes nothing more, and tells of no room any more.
    if (!progress.sent) request.destroy();
    bytes.destroy();
    await fed;
    return answer;
  } catch (error) {
    bytes.destroy();
    const own = broken as { readonly error: unknown } | null;
    if (own) throw own.error;
    if (isMlnError(watch.reason)) throw watch.reason;
    if (isMlnError(error) || call.signal?.aborted) throw error;
    throw unreachable(way, watch.reason ?? error);
  } finally {
    watch.over();
  }
}

/** Gives the whole body of an answer. */
export async function bodyOf(way: Way, response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST) throw rubbish(way.server, way.where, 'its answer does not end');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function feed(request: ClientRequest, bytes: Readable, watch: Watch): Promise<void> {
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    if (request.destroyed) return;
    if (!request.write(piece)) await drained(request);
    watch.touch();
  }
  request.end();
}

/** Waits until more may be written, or nothing more can be. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      request.off('drain', go).off('close', go);
      resolve();
    };
    request.on('drain', go).on('close', go);
    // Its answer may have ended it before.
    if (request.closed) go();
  });
}

/** Whether a request has met a connection that was kept, and that the server had ended. */
export function wasStale({ reusedSocket }: ClientRequest, error: unknown): boolean {
  return reusedSocket && ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** What a connection that has ended too early comes to. */
export function connectionCut(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}
