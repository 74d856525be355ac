import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { failure } from '@mln/core';
import { pino, type Logger } from 'pino';
import { scratchFolder } from '../../../../core/test/scratch.js';
import type { Guard } from '../../src/server/access.js';
import { usualLimits, type Limits } from '../../src/server/limits.js';
import { listenOn, localServer } from '../../src/server/listen.js';
import { createPeers } from '../../src/server/peers.js';
import type { Surface } from '../../src/server/requests.js';
import type { Route, UpgradeRoute } from '../../src/server/route.js';

/** What a daemon's server answers with in a test: these routes, and short times. */
export interface TestSurface extends Surface {
  readonly logged: Record<string, unknown>[];
}

const short: Limits = { ...usualLimits, head: 400, body: 400, idle: 400, heartbeat: 50 };

const refusing: Guard = ({ principal }, verb, project) => {
  if (principal.kind !== 'local')
    throw failure('MLN_NOT_ALLOWED', `${principal.name} has no right ${verb} on ${project ?? 'this server'}`);
};

export function surfaceOf(
  routes: readonly Route[],
  {
    upgrades = [],
    limits = {},
    allows = () => true,
  }: {
    upgrades?: readonly UpgradeRoute[];
    limits?: Partial<Limits>;
    allows?: (address: string) => boolean;
  } = {},
): TestSurface & { close(): void } {
  const logged: Record<string, unknown>[] = [];
  const closing = new AbortController();
  const all = { ...short, ...limits };
  const write = (line: string): void => void logged.push(JSON.parse(line) as Record<string, unknown>);
  const logger: Logger = pino({ base: null }, { write });
  return {
    routes,
    upgrades,
    guard: refusing,
    logger,
    limits: all,
    peers: createPeers(all, allows),
    closing: closing.signal,
    logged,
    close() {
      closing.abort();
    },
  };
}

const folder = scratchFolder();
/** What ends with the tests of the file. */
export const listening: Server[] = [];

afterAll(() => {
  for (const server of listening) {
    server.close();
    server.closeAllConnections();
  }
});

/** Has a surface answer on a unix socket, until the tests of the file are over. */
export async function answerOnSocket(surface: Surface): Promise<string> {
  const path = join(folder, `socket-${listening.length}`);
  const server = localServer(surface);
  listening.push(server);
  await listenOn(server, path);
  return path;
}

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
export async function sendRaw(to: string | Socket, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = typeof to === 'string' ? connect(to) : to;
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  return text;
}
