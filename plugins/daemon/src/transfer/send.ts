import { open, readFile, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { failure, isMlnError, systemFailure, type MlnError } from '@mln/core';
import type { FleetClient } from '../client/client.js';
import type { Blob, Package } from '../protocol.js';
import { CHUNK, framesOf, MOST_ZEROS, SMALL, WINDOW, writeFrames, writeSmall, type Frame } from './frames.js';
import type { Packed } from './pack.js';
import type { Missing } from './routes.js';

/** Files that are asked for at once. */
const ASKED = 5000;
/** Small files that go together. */
const TOGETHER = 1000;
/** Bytes that are read at once. */
const READ = 1024 * 1024;
const BLOCK = 4096;
/** Bytes of the last piece that is written of a request. */
const END = 1024;
/** How often it is gone on with where nothing comes through. */
const TRIES = 3;

/** Sends a server what it does not have of a package's files; what a cut left is gone on with. Gives the bytes that were sent. */
export async function sendFiles(client: FleetClient, server: string, packed: Packed): Promise<number> {
  const sending: Sending = { client, server, project: packed.package.project.name, files: packed.files };
  const blobs = blobsOf(packed.package);
  let sent = 0;
  for (let at = 0; at < blobs.length; at += ASKED) {
    const asked = blobs.slice(at, at + ASKED);
    const missing = new Map((await ask(sending, asked)).missing.map(({ sha256, have }) => [sha256, have]));
    const needed = asked.filter(({ sha256 }) => missing.has(sha256));
    sent += await sendSmall(
      sending,
      needed.filter(({ size }) => size <= SMALL),
    );
    for (const blob of needed)
      if (blob.size > SMALL) sent += await sendLarge(sending, blob, missing.get(blob.sha256) ?? 0);
  }
  return sent;
}

interface Sending {
  readonly client: FleetClient;
  readonly server: string;
  readonly project: string;
  readonly files: ReadonlyMap<string, string>;
}

/** The files of a package, each once. */
function blobsOf({ entries, templates }: Package): readonly Blob[] {
  const all = [
    ...entries.flatMap((each) => (each.kind === 'file' ? [each.blob] : [])),
    ...templates.map(({ blob }) => blob),
  ];
  return [...new Map(all.map((blob) => [blob.sha256, blob])).values()];
}

/** What was begun may have to be digested again before it is known how far it is: that takes as long as it takes. */
async function ask({ client, server, project }: Sending, blobs: readonly Blob[]): Promise<Missing> {
  const path = `/v1/blobs/missing?project=${encodeURIComponent(project)}`;
  return (await client.request(server, 'POST', path, { body: { blobs }, timeout: Infinity })) as Missing;
}

function pathOf({ files }: Sending, { sha256 }: Blob): string {
  const path = files.get(sha256);
  if (path !== undefined) return path;
  throw new Error(`a file of the package is nowhere: ${sha256}`);
}

/** Many go in one request: two thousand files are not two thousand answers to wait for. */
async function sendSmall(sending: Sending, blobs: readonly Blob[]): Promise<number> {
  let sent = 0;
  for (let rest = blobs; rest.length > 0;) {
    let size = 0;
    const fits = rest.slice(0, TOGETHER).findIndex((blob) => (size += blob.size + 36) > CHUNK);
    const together = rest.slice(0, fits < 0 ? TOGETHER : Math.max(1, fits));
    rest = rest.slice(together.length);
    const bytes: Buffer[] = [];
    for (const blob of together) {
      const content = await readFile(pathOf(sending, blob)).catch((error: unknown) => {
        throw systemFailure(error, `${pathOf(sending, blob)} cannot be read`);
      });
      if (content.length !== blob.size) throw changed(pathOf(sending, blob));
      bytes.push(...writeSmall(blob.sha256, content));
      sent += content.length;
    }
    await upload(sending, '/v1/blobs', {}, bytes);
  }
  return sent;
}

/** Sends a large file part by part, the next one read and sent while one is under way. */
async function sendLarge(sending: Sending, blob: Blob, begin: number): Promise<number> {
  const path = pathOf(sending, blob);
  const file = await open(path, 'r').catch((error: unknown) => {
    throw systemFailure(error, `${path} cannot be read`);
  });
  try {
    const { size, blocks } = await file.stat();
    if (size !== blob.size) throw changed(path);
    const stored = Math.min(size, blocks * 512);
    let [have, sent, tries, isAnew] = [begin, 0, 0, begin === 0];
    for (;;) {
      const run = await sendFrom(sending, { file, blob, stored }, have);
      sent += run.sent;
      if (run.have === size) return sent;
      if (run.have > have) tries = 0;
      const { error } = run;
      if (error !== null && error.code !== 'MLN_NO_SERVER' && error.code !== 'MLN_BAD_REQUEST') throw error;
      // Where its beginning was spoilt there, it is gone now.
      if (error?.code === 'MLN_BAD_REQUEST' && isAnew) throw changed(path, error);
      isAnew ||= error?.code === 'MLN_BAD_REQUEST';
      if ((tries += 1) > TRIES) throw error ?? failure('MLN_NO_SERVER', `${sending.server} takes nothing of ${path}`);
      const [left] = (await ask(sending, [blob])).missing;
      if (left === undefined) return sent;
      have = left.have;
    }
  } finally {
    await file.close();
  }
}

/** How far it came, and what ended it where that is not the end of the file. */
interface Run {
  readonly have: number;
  readonly sent: number;
  readonly error: MlnError | null;
}

/** Sends a file from a byte on, until its end or until the server has not what was expected. */
async function sendFrom(
  sending: Sending,
  { file, blob, stored }: { readonly file: FileHandle; readonly blob: Blob; readonly stored: number },
  begin: number,
): Promise<Run> {
  // One more than are under way is read ahead.
  const buffers = Array.from({ length: WINDOW + 2 }, () => Buffer.allocUnsafeSlow(CHUNK));
  let parts = 0;
  const read = (from: number): Promise<Part> | null => {
    if (from >= blob.size) return null;
    const reading = readPart(file, from, blob.size, buffers[(parts += 1) % buffers.length] ?? Buffer.alloc(CHUNK));
    reading.catch(() => undefined);
    return reading;
  };
  const underWay: { readonly to: number; readonly answer: Promise<number> }[] = [];
  let [at, have, sent] = [begin, begin, 0];
  let next = read(at);
  let error: MlnError | null = null;
  while (error === null && (next !== null || underWay.length > 0)) {
    if (next !== null && underWay.length < WINDOW) {
      const part = await next;
      next = read(part.to);
      const query = { size: blob.size, stored, offset: at };
      const answer = upload(sending, `/v1/blobs/${blob.sha256}`, query, writeFrames(part.frames)).then(
        (json) => (json as { have: number }).have,
      );
      answer.catch(() => undefined);
      underWay.push({ to: part.to, answer });
      at = part.to;
      sent += part.bytes;
      continue;
    }
    const [first] = underWay.splice(0, 1);
    if (!first) break;
    try {
      have = await first.answer;
    } catch (reason) {
      if (!isMlnError(reason)) throw reason;
      error = reason;
    }
    if (have !== first.to) break;
  }
  await Promise.allSettled([next, ...underWay.map(({ answer }) => answer)]);
  return { have, sent, error };
}

/** Some frames, and where the file goes on behind them. */
interface Part {
  readonly frames: readonly Frame[];
  readonly to: number;
  /** Bytes of content in the frames. */
  readonly bytes: number;
}

async function readPart(file: FileHandle, from: number, size: number, buffer: Buffer): Promise<Part> {
  const frames: Frame[] = [];
  let [to, used, zeros, bytes] = [from, 0, 0, 0];
  while (to < size && CHUNK - used >= BLOCK && zeros < MOST_ZEROS) {
    // Blocks of the file are looked at, also where a cut left half a one.
    const most = Math.min(READ, CHUNK - used, size - to, MOST_ZEROS - zeros);
    const wanted = Math.max(1, most - (to + most < size ? to % BLOCK : 0));
    const { bytesRead } = await file.read(buffer, used, wanted, to);
    if (bytesRead === 0) throw failure('MLN_IO', 'a file became shorter while it was sent');
    for (const frame of framesOf(buffer.subarray(used, used + bytesRead))) {
      const last = frames.at(-1);
      if (last?.bytes.length === 0) frames[frames.length - 1] = { ...frame, zeros: last.zeros + frame.zeros };
      else frames.push(frame);
      zeros += frame.zeros;
      bytes += frame.bytes.length;
      if (frame.bytes.length > 0) used = frame.bytes.byteOffset - buffer.byteOffset + frame.bytes.length;
    }
    to += bytesRead;
  }
  return { frames, to, bytes };
}

async function upload(
  { client, server, project }: Sending,
  path: string,
  query: Readonly<Record<string, number>>,
  bytes: readonly Buffer[],
): Promise<unknown> {
  const words = Object.entries({ project, ...query }).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const length = bytes.reduce((sum, each) => sum + each.length, 0);
  return client.upload(server, `${path}?${words.join('&')}`, Readable.from(withShortEnd(bytes)), { length });
}

/**
 * The last piece is one that is written without waiting for room: an answer can come as soon as the last byte is there, and
 * Node tells nobody of room behind an answer.
 */
function withShortEnd(bytes: readonly Buffer[]): readonly Buffer[] {
  const last = bytes.at(-1);
  if (last === undefined || last.length <= END) return bytes;
  return [...bytes.slice(0, -1), last.subarray(0, -END), last.subarray(-END)];
}

function changed(path: string, cause?: unknown): Error {
  return failure('MLN_IO', `${path} was changed while it was sent`, { cause, hint: 'try again' });
}
