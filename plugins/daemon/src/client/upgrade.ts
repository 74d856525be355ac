import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isMlnError } from '@mln/core';
import { readAnswer, rubbish } from './answer.js';
import { bodyOf, connectionCut, wasStale, watchOver } from './exchange.js';
import { unreachable } from './unreachable.js';
import type { Way } from './way.js';

/** Takes a connection over: what is read and written from then on is the protocol's. The limit is in milliseconds. */
export async function upgrade(
  way: Way,
  path: string,
  protocol: string,
  { headers, limit }: { readonly headers: OutgoingHttpHeaders; readonly limit: number },
): Promise<Duplex> {
  for (;;) {
    const request = way.begin({
      method: 'GET',
      path,
      headers: { ...headers, connection: 'Upgrade', upgrade: protocol },
    });
    const watch = watchOver(request, limit);
    try {
      const found = await answerTo(request);
      if (!isAnswer(found)) return found;
      readAnswer({ status: found.statusCode ?? 0, body: await bodyOf(way, found) }, way.server, way.where);
      throw rubbish(way.server, way.where, `it does not speak ${protocol}`);
    } catch (error) {
      if (isMlnError(error)) throw error;
      if (watch.reason === undefined && wasStale(request, error)) continue;
      throw unreachable(way, watch.reason ?? error);
    } finally {
      watch.over();
    }
  }
}

function answerTo(request: ClientRequest): Promise<IncomingMessage | Duplex> {
  return new Promise((resolve, reject) => {
    request
      .once('response', resolve)
      .once('upgrade', (_response: IncomingMessage, socket: Socket, first: Buffer) => {
        socket.setTimeout(0);
        if (first.length > 0) socket.unshift(first);
        resolve(socket);
      })
      .once('error', reject)
      .once('close', () => {
        reject(connectionCut());
      });
    request.end();
  });
}

function isAnswer(found: IncomingMessage | Duplex): found is IncomingMessage {
  return 'statusCode' in found;
}
