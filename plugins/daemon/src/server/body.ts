import type { IncomingMessage } from 'node:http';
import type { Limits } from './limits.js';
import { badRequest } from './refusal.js';
import type { Route } from './route.js';

/**
 * Reads a body of JSON; undefined where the route takes none. Of one that is too large nothing is kept, and the rest is not
 * read. Throws MLN_BAD_REQUEST (400, 408, 411 or 413).
 */
export async function readBody(request: IncomingMessage, { body }: Route, limits: Limits): Promise<unknown> {
  const length = lengthOf(request);
  if (body === undefined) {
    if (length !== 0) throw badRequest('no body is taken here');
    return undefined;
  }
  if (length !== null && length > body.most) throw tooLarge(body.most);
  if (body.kind === 'bytes') {
    if (length === null) throw badRequest('the length of what is sent is not told', { status: 411 });
    watchIdle(request, limits.idle);
    return undefined;
  }
  if (length === 0) throw badRequest('a body of JSON is missing');
  return parse(await collect(request, body.most, limits.body));
}

/** Null: it is not told before. */
function lengthOf({ headers }: IncomingMessage): number | null {
  if (headers['transfer-encoding'] !== undefined) return null;
  return Number(headers['content-length'] ?? 0);
}

function tooLarge(most: number): Error {
  return badRequest(`what is sent is too large: at most ${most} bytes are taken`, { status: 413 });
}

async function collect(request: IncomingMessage, most: number, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (act: () => void): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', whole).off('error', cut).off('close', cut);
      act();
    };
    const fail = (error: Error): void => {
      end(() => {
        request.pause();
        reject(error);
      });
    };
    const timer = setTimeout(() => {
      fail(badRequest(`the body was not whole within ${limit / 1000} s`, { status: 408 }));
    }, limit);
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > most) fail(tooLarge(most));
      else chunks.push(chunk);
    };
    const whole = (): void => {
      end(() => {
        resolve(Buffer.concat(chunks));
      });
    };
    const cut = (): void => {
      fail(badRequest('the body is cut off'));
    };
    request.on('data', take).on('end', whole).on('error', cut).on('close', cut);
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    throw badRequest('the body is no JSON');
  }
}

/** Ends the connection when nothing more comes. */
function watchIdle(request: IncomingMessage, limit: number): void {
  const { socket } = request;
  const stalled = (): void => void socket.destroy();
  const over = (): void => {
    socket.setTimeout(0);
    socket.off('timeout', stalled);
  };
  socket.setTimeout(limit);
  socket.once('timeout', stalled);
  request.once('end', over).once('close', over);
}
