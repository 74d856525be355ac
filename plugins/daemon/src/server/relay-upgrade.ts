import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { isMlnError } from '@mln/core';
import { unreachable } from '../client/unreachable.js';
import type { Way } from '../client/way.js';
import { refusalOf } from './refusal.js';

/** Passes on a connection that is to be taken over: what refuses it comes back as an answer. Never throws. */
export async function passUpgrade(
  way: () => Promise<Way>,
  request: IncomingMessage,
  near: Duplex,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  near.on('error', () => undefined);
  try {
    const to = await way();
    const far = await upgraded(to, request, headers);
    if (!('stream' in far)) {
      near.end(answerText(far.status, far.body));
      return;
    }
    const { stream, protocol } = far;
    near.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    for (const [one, other] of [
      [near, stream],
      [stream, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.once('close', () => other.destroy());
      one.pipe(other);
    }
  } catch (error) {
    const { status, body } = refusalOf(error);
    near.end(answerText(status, Buffer.from(JSON.stringify(body))));
  }
}

type Answered =
  { readonly stream: Duplex; readonly protocol: string } | { readonly status: number; readonly body: Buffer };

function upgraded(way: Way, { url = '/' }: IncomingMessage, headers: OutgoingHttpHeaders): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = way.begin({ method: 'GET', path: url, headers });
    outgoing.on('error', (error) => {
      reject(isMlnError(error) ? error : unreachable(way, error));
    });
    outgoing.on('upgrade', (response: IncomingMessage, stream: Duplex, first: Buffer) => {
      if (first.length > 0) stream.unshift(first);
      resolve({ stream, protocol: response.headers.upgrade ?? '' });
    });
    outgoing.on('response', (response: IncomingMessage) => {
      response.toArray().then(
        (pieces) => {
          resolve({ status: response.statusCode ?? 502, body: Buffer.concat(pieces as Buffer[]) });
        },
        (error: unknown) => {
          reject(unreachable(way, error));
        },
      );
    });
    outgoing.end();
  });
}

function answerText(status: number, body: Buffer): string {
  return `HTTP/1.1 ${status} \r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('utf8')}`;
}
