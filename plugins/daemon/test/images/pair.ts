import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { runShell } from '../../../../core/src/shell.js';
import { scratchFolder } from '../../../../core/test/scratch.js';
import { receiveImage, type Received } from '../../src/images/receive-image.js';
import { sendImage, type SentImage, type Transferred } from '../../src/images/send-image.js';

export const MiB = 1024 * 1024;
export const shell = runShell;

const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

/** The two ends of a connection. */
export async function pair(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ highWaterMark: MiB });
  const path = join(scratchFolder(), 'socket');
  await once(server.listen(path), 'listening');
  const near = connect(path);
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  sockets.push(near, far);
  for (const each of [near, far]) each.on('error', () => undefined);
  return [near, far];
}

/** A disk of so many bytes, with random content where it is told. */
export function makeDisk(size: number, stretches: readonly (readonly [at: number, length: number])[]): string {
  const path = join(scratchFolder(), 'disk');
  const file = openSync(path, 'w');
  for (const [at, length] of stretches) writeSync(file, randomBytes(length), 0, length, at);
  ftruncateSync(file, size);
  closeSync(file);
  return path;
}

export function overwrite(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

export interface Both {
  readonly received: Received;
  readonly sent: Transferred;
  /** What travelled to the target: bytes. */
  readonly bytes: number;
}

/** Sends an image to a folder; `between` may meddle with the connection. */
export async function transfer(
  image: SentImage,
  folder: string,
  bases: readonly string[] = [],
  between: (near: Socket, far: Socket) => void = () => undefined,
): Promise<Both> {
  const [near, far] = await pair();
  between(near, far);
  const both = [sendImage(near, image, { shell }), receiveImage(far, { folder, bases, shell })] as const;
  const [sent, received] = await Promise.allSettled(both);
  if (sent.status === 'rejected') throw Object.assign(sent.reason as Error, { other: received });
  if (received.status === 'rejected') throw received.reason;
  return { received: received.value, sent: sent.value, bytes: near.bytesWritten };
}

export function same(one: string, other: string): boolean {
  try {
    execFileSync('cmp', ['-s', one, other]);
    return true;
  } catch {
    return false;
  }
}

export function imageOf(path: string, size: number, record: string | null = null): SentImage {
  return { path, size, record: record === null ? null : Buffer.from(record) };
}

export function textOf(path: string | null): string | null {
  return path === null ? null : readFileSync(path, 'utf8');
}
