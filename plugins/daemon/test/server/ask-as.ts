import { readFileSync } from 'node:fs';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** A daemon on loopback, and who asks it: the name of a folder with a certificate, or (null) nobody. */
export interface Whom {
  /** Of `mlnProcess`. */
  readonly folder: string;
  readonly port: number;
  readonly who: string | null;
}

interface Told {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Asks a daemon over the network. */
export async function askAs(
  { folder, port, who }: Whom,
  method: string,
  path: string,
  body?: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const pem = (file: string): string => readFileSync(join(folder, who ?? 'fleet', file), 'utf8');
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers: OutgoingHttpHeaders = {
    'mln-protocol': '1',
    ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...more,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers,
      agent: false,
      ca: readFileSync(join(folder, 'fleet/ca.pem')),
      checkServerIdentity: () => undefined,
      ...(who === null ? {} : { cert: pem('self.pem'), key: pem('self.key') }),
    };
    request(options, resolve).on('error', reject).end(text);
  });
  const got = (await buffer(response)).toString();
  return { status: response.statusCode ?? 0, json: JSON.parse(got) as Told['json'], text: got };
}
