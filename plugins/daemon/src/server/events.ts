import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Limits } from './limits.js';
import type { ServerEvent } from './route.js';

/**
 * Writes events as they come, no faster than they are taken, with a sign of life where none does: HTML, server-sent
 * events. Ends with the events, or when the client goes away or takes nothing any more.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  { heartbeat, idle }: Limits,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  const timer = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': \n\n');
  }, heartbeat);
  try {
    for await (const { id, data } of events) {
      if (signal.aborted) break;
      if (!response.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)) await taken(response, idle, signal);
    }
    response.end();
  } catch (error) {
    // Half a stream is no whole one: the client comes again.
    response.destroy();
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(timer);
  }
}

async function taken(response: ServerResponse, idle: number, signal: AbortSignal): Promise<void> {
  if (!response.writableNeedDrain) return;
  const timer = setTimeout(() => response.destroy(), idle);
  try {
    await once(response, 'drain', { signal });
  } finally {
    clearTimeout(timer);
  }
}
