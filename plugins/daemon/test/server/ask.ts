import { request as plainRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { LogEntry } from '../../src/protocol.js';

/** What a daemon has answered. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Undefined where it is no JSON. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface Asked {
  readonly body?: unknown;
  /** In the stead of JSON. */
  readonly raw?: string | Buffer;
  readonly headers?: OutgoingHttpHeaders;
}

/** Asks a daemon on its unix socket. */
export async function ask(socketPath: string, method: string, path: string, asked: Asked = {}): Promise<Answered> {
  const bytes = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
  const given = {
    'mln-protocol': '1',
    ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }),
    ...asked.headers,
  };
  const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    plainRequest({ socketPath, method, path, headers, agent: false }, resolve).on('error', reject).end(bytes);
  });
  const text = (await buffer(response)).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
}

/** Follows the log of an operation from behind an entry, until its end or until `enough` says so. */
export async function follow(
  socketPath: string,
  id: string,
  { after = -1, enough = () => false }: { after?: number; enough?: (entry: LogEntry) => boolean } = {},
): Promise<readonly LogEntry[]> {
  const headers = { 'mln-protocol': '1', ...(after < 0 ? {} : { 'last-event-id': String(after) }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    plainRequest({ socketPath, path: `/v1/operations/${id}/log`, headers, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  if (response.statusCode !== 200) throw new Error((await buffer(response)).toString());
  const found: LogEntry[] = [];
  let rest = '';
  try {
    for await (const chunk of response) {
      const events = `${rest}${String(chunk)}`.split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        const entry = JSON.parse(data) as LogEntry;
        if (Number(/^id: (\d+)$/m.exec(event)?.[1]) !== entry.number) throw new Error(`a wrong id: ${event}`);
        found.push(entry);
        if (enough(entry)) return found;
      }
    }
    return found;
  } finally {
    response.destroy();
  }
}

function parsed(text: string): Answered['json'] {
  try {
    return JSON.parse(text) as Answered['json'];
  } catch {
    return undefined;
  }
}
