import type { Duplex } from 'node:stream';
import { failure, isMlnError, messageOf, MlnError, type Problem } from '@mln/core';
import { exitIn, named, problemsIn } from '../client/answer.js';
import { inflowOf } from './inflow.js';
import { outflowOf } from './outflow.js';

/*
 * How an image travels: over one connection, in frames. Each is its kind (1 byte), the length of what follows (4 bytes,
 * big-endian), and that. Whoever has the image says, in the order of the image,
 *
 *   begin     JSON: size, stored (bytes), record (whether there is one)
 *   record    bytes of the host's record
 *   zeros     8 bytes, big-endian: so many whole chunks are zeros
 *   offer     the SHA-256 of each of up to 64 chunks; 32 zero bytes for a chunk of zeros
 *   data      bytes of the chunks that are missing, one after the other
 *   packed    the same, as a part of one stream of zstd (RFC 8878), which begins behind all data and goes on to the end
 *   end       JSON: digest, record (SHA-256 of the record, or null)
 *
 * and whoever takes it answers the beginning with `ready` (JSON: packed, whether it can unpack), each offer with `missing` (a bit for each chunk, the lowest first), and the end with
 * `done`. Either may say `error` (JSON, as the body of an answer), and says `beat` every few seconds.
 */

export const kinds = {
  begin: 1,
  record: 2,
  zeros: 3,
  offer: 4,
  data: 5,
  packed: 6,
  end: 7,
  missing: 8,
  done: 9,
  error: 10,
  beat: 11,
  ready: 12,
} as const;
export type Kind = keyof typeof kinds;

/** What the connection is upgraded to. */
export const IMAGES = 'mln-images';

/**
 * Bytes of a chunk: sixteen blocks of a filesystem. The digests of a disk come to a two-thousandth of it, and a file that
 * has changed brings little along that has not. Guests write here and there: of chunks of a megabyte nearly all would
 * travel again; those of one block would double the work of both ends, and of what they say to each other.
 */
export const CHUNK = 64 * 1024;
/** Chunks of one offer. */
export const OFFERED = 64;
/** Bytes of one digest. */
export const DIGEST = 32;
/** Offers that are under way at once: as many of their chunks are kept in memory. */
export const WINDOW = 4;
/** Bytes that an image may have. */
export const MOST_SIZE = 16 * 1024 ** 4;
/** Bytes that a host's record may have. */
export const MOST_RECORD = 64 * 1024 * 1024;

/** The longest that a frame of each kind may be, in bytes. */
const longest: Readonly<Record<Kind, number>> = {
  begin: 4096,
  record: 256 * 1024,
  zeros: 8,
  offer: OFFERED * DIGEST,
  data: OFFERED * CHUNK,
  packed: 1024 * 1024,
  end: 4096,
  missing: OFFERED / 8,
  done: 4096,
  error: 256 * 1024,
  beat: 0,
  ready: 4096,
};
const names = new Map<number, Kind>(Object.entries(kinds).map(([name, number]) => [number, name as Kind]));
/** Bytes of a head. */
export const HEAD = 5;
/** Milliseconds between two signs of life, and in which one must come. */
const BEAT = 5000;
const SILENCE = 30_000;
/** Milliseconds in which what went wrong must be heard. */
const HEARD = 10_000;

/** The head of a frame; its bytes follow. */
export interface Head {
  readonly kind: Kind;
  readonly length: number;
}

/** A connection over which an image goes. */
export interface Wire {
  /** The next frame but for signs of life. Throws a cut where there is none, and what the other end says went wrong. */
  head(): Promise<Head>;
  /** The bytes of a frame. */
  body(head: Head): Promise<Buffer>;
  /** Passes the bytes of a frame on as they come; where a promise is given back, the next only once it is kept. */
  pour(head: Head, pass: (piece: Buffer) => Promise<void> | null): Promise<void>;
  /** Sends a frame; resolves when there is room for more. */
  send(kind: Kind, bytes: Buffer): Promise<void>;
  /** Sends a frame, and resolves once its bytes are no longer needed. */
  sent(kind: Kind, bytes: Buffer): Promise<void>;
  /** The same without a copy: the head takes the place of the HEAD bytes before those of the frame. */
  sentInPlace(kind: Kind, bytes: Buffer): Promise<void>;
  json(kind: Kind, value: unknown): Promise<void>;
  /** Whoever waits for something that comes in, or is about to, gets an error instead. */
  interrupt(error: unknown): void;
  /** Tells the other end what went wrong, and lets go of the connection once that end has heard it. */
  fail(error: unknown): Promise<void>;
  /** Lets go of the connection. */
  close(): void;
}

const cuts = new WeakSet<object>();
/** What another end has said; it is passed on as it is. */
const theirs = new WeakSet<object>();

/** Whether an error says that the connection was cut: what came is kept, and is gone on with. */
export function isCut(error: unknown): boolean {
  return typeof error === 'object' && error !== null && cuts.has(error);
}

function cut(cause?: unknown): MlnError {
  const why = cause === undefined ? 'the connection was closed' : messageOf(cause);
  const error = failure('MLN_NO_SERVER', `the transfer of an image was cut off: ${why}`, {
    cause,
    hint: 'give the command again: it goes on where it was',
  });
  cuts.add(error);
  return error;
}

/** Puts the protocol on a connection. What goes wrong here is told with the name of this server, where it has one. */
export function wireOn(stream: Duplex, name: string | null = null): Wire {
  let heard = performance.now();
  let broken: unknown;
  const pieces = inflowOf(stream, () => {
    heard = performance.now();
  });
  const outflow = outflowOf(stream);
  stream.on('error', (error) => {
    broken ??= error;
  });
  const timer = setInterval(() => {
    // What waits to be read has been heard.
    if (pieces.waiting > 0) heard = performance.now();
    if (performance.now() - heard > SILENCE) stream.destroy(new Error(`nothing was heard for ${SILENCE / 1000} s`));
    else if (outflow.isIdle) void outflow.put(frameOf('beat', Buffer.alloc(0)));
  }, BEAT);
  timer.unref();
  stream.once('close', () => {
    clearInterval(timer);
  });

  const put = async (bytes: Buffer): Promise<void> => {
    if (!(await outflow.put(bytes))) throw cut(broken);
  };
  const send = async (kind: Kind, bytes: Buffer): Promise<void> => {
    const sent = put(frameOf(kind, bytes));
    sent.catch(() => undefined);
    if (!outflow.hasRoom || stream.destroyed || !stream.writable) await sent;
  };
  const exactly = async (size: number): Promise<Buffer> => {
    const found = await pieces.exactly(size);
    if (found === null) throw cut(broken);
    return found;
  };
  const body = async ({ length }: Head): Promise<Buffer> => (length === 0 ? Buffer.alloc(0) : exactly(length));

  return {
    body,
    async head() {
      for (;;) {
        const bytes = await exactly(HEAD);
        const kind = names.get(bytes[0] ?? 0);
        const length = bytes.readUInt32BE(1);
        if (kind === undefined || length > longest[kind]) throw nonsense('a frame that nobody knows');
        if (kind === 'beat') continue;
        if (kind === 'error') throw errorIn(await body({ kind, length }));
        return { kind, length };
      }
    },
    async pour({ length }, pass) {
      if (!(await pieces.pour(length, pass))) throw cut(broken);
    },
    send,
    sent: (kind, bytes) => put(frameOf(kind, bytes)),
    sentInPlace(kind, { buffer, byteOffset, length }) {
      const frame = Buffer.from(buffer, byteOffset - HEAD, HEAD + length);
      putHead(frame, kind, length);
      return put(frame);
    },
    json: (kind, value) => send(kind, Buffer.from(JSON.stringify(value))),
    interrupt: (error) => {
      pieces.interrupt({ error });
    },
    async fail(error) {
      const limit = setTimeout(() => {
        stream.destroy();
      }, HEARD);
      const own = isMlnError(error) ? error : failure('MLN_FAULT', `this is a fault of mln: ${messageOf(error)}`);
      const { problems, exit } = own;
      const told = problems.map((each) => plain(each, theirs.has(own) ? null : name));
      try {
        outflow.drop();
        pieces.interrupt(null);
        if (stream.writable) stream.end(frameOf('error', Buffer.from(JSON.stringify({ problems: told, exit }))));
        // What is still sent is thrown away: whoever sends is to come to reading.
        while (await pieces.more()) pieces.take(longest.data);
      } finally {
        clearTimeout(limit);
        stream.destroy();
      }
    },
    close() {
      stream.destroy();
    },
  };
}

/** A problem as it travels, not longer than a frame. */
function plain({ severity, code, message, hint }: Problem, name: string | null): object {
  return { severity, code, message: named(name, message).slice(0, 16_384), ...(hint === undefined ? {} : { hint }) };
}

function frameOf(kind: Kind, bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + bytes.length);
  putHead(frame, kind, bytes.length);
  frame.set(bytes, HEAD);
  return frame;
}

function putHead(frame: Buffer, kind: Kind, length: number): void {
  frame[0] = kinds[kind];
  frame.writeUInt32BE(length, 1);
}

/** What the other end does not keep to. */
export function nonsense(what: string): MlnError {
  return failure('MLN_BAD_REQUEST', `an image was sent wrongly: ${what}`);
}

/** Reads the JSON of a frame. */
export function jsonIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // It is told below.
  }
  throw nonsense('what is to be JSON is none');
}

function errorIn(bytes: Buffer): MlnError {
  const { problems, exit } = jsonIn(bytes);
  const told = problemsIn(problems, null);
  if (told.length === 0) return nonsense('an error that says nothing');
  const code = exitIn(exit);
  const error = new MlnError(told, code === undefined ? {} : { exit: code });
  theirs.add(error);
  return error;
}
