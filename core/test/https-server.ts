import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { scratchFolder } from './scratch.js';

/** What a server is to send. */
export interface Sent {
  readonly body: Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
  /** It takes Range. True where left out. */
  readonly ranges?: boolean;
  /** It takes Range, and looks at no If-Range. */
  readonly careless?: boolean;
  /** It ends the connection after so many bytes of the answer. */
  readonly cutAfter?: number;
  /** It says nothing more after so many bytes, and keeps the connection. */
  readonly holdAfter?: number;
}

/** An HTTPS server on the loopback, with a certificate that it signed itself. */
export interface HttpsServer {
  readonly url: string;
  /** The file of its certificate. */
  readonly certificate: string;
  /** What is sent for a path; a text is where it is redirected to. Everything else is not found. */
  readonly files: Map<string, Sent | string>;
  /** The requests since they were last looked at. */
  requests(): { path: string; range?: string; ifRange?: string }[];
  close(): Promise<void>;
}

export async function httpsServer(): Promise<HttpsServer> {
  const folder = scratchFolder();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', certificate],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  const files: HttpsServer['files'] = new Map();
  let seen: ReturnType<HttpsServer['requests']> = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    const path = request.url ?? '';
    const { range, 'if-range': ifRange } = request.headers;
    seen.push({ path, ...(range && { range }), ...(typeof ifRange === 'string' && { ifRange }) });
    const file = files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else if (typeof file === 'string') response.writeHead(302, { location: file }).end();
    else send(request, response, file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    files,
    requests() {
      const before = seen;
      seen = [];
      return before;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, file: Sent): void {
  const { body, etag, lastModified, ranges = true, careless = false } = file;
  const { range, 'if-range': ifRange } = request.headers;
  const validator = etag ?? lastModified;
  const wanted = ranges && (careless || ifRange === undefined || ifRange === validator) ? range : undefined;
  const from = Number(/^bytes=(\d+)-$/.exec(wanted ?? '')?.[1] ?? 0);
  if (from >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  response.writeHead(wanted === undefined ? 200 : 206, {
    'content-length': body.length - from,
    ...(wanted === undefined ? {} : { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
  });
  const rest = body.subarray(from);
  const length = file.cutAfter ?? file.holdAfter ?? rest.length;
  if (length >= rest.length) response.end(rest);
  else
    response.write(rest.subarray(0, length), () => {
      if (file.cutAfter !== undefined) request.socket.end();
    });
}
