import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import { BEHALF_HEADER, principalText } from '../protocol.js';
import { behalfOf } from './access.js';
import { badRequest, refusalOf } from './refusal.js';
import { callOf, header, noCertificate, requireProtocol, split, type Sender, type Surface } from './requests.js';
import { matching } from './routing.js';

/** Hands a connection over to the route that takes it; never throws. */
export async function takeOver(
  surface: Surface,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
  { principal, address, why }: Sender,
): Promise<void> {
  const { logger, closing } = surface;
  const [path, query] = split(request.url ?? '');
  const gone = new AbortController();
  const ended = (): void => {
    gone.abort();
  };
  stream.on('error', () => undefined).once('close', ended);
  const tell = (status: number): void => {
    logger.info(
      { principal: principal && principalText(principal), address, method: 'UPGRADE', path, status },
      'request',
    );
  };
  try {
    if (principal === null) throw why ?? noCertificate();
    requireProtocol(request, path);
    const wanted = (header(request, 'upgrade') ?? '').toLowerCase();
    const [match] = matching(surface.upgrades, path).filter(({ route }) => route.protocol.toLowerCase() === wanted);
    if (!match) throw badRequest('there is no such path', { status: 404 });
    const nothing = new PassThrough();
    nothing.end();
    const take = await match.route.accept({
      ...callOf(surface, request, principal, behalfOf(principal, header(request, BEHALF_HEADER))),
      parameters: match.parameters,
      query: new URLSearchParams(query),
      json: undefined,
      stream: nothing,
      signal: AbortSignal.any([gone.signal, closing]),
    });
    if (stream.destroyed) return;
    request.socket.setTimeout(0);
    stream.write(
      `HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: ${match.route.protocol}\r\n\r\n`,
    );
    if (head.length > 0) stream.unshift(head);
    tell(101);
    const destroy = (): void => {
      stream.destroy();
    };
    closing.addEventListener('abort', destroy, { once: true });
    stream.once('close', () => {
      closing.removeEventListener('abort', destroy);
    });
    take(stream);
  } catch (error) {
    const { status, body, fault } = refusalOf(error);
    if (fault !== undefined) logger.error({ err: fault, path }, 'fault');
    tell(status);
    const text = JSON.stringify(body);
    stream.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }
}
