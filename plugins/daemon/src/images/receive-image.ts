import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { failure, formatSize, isMlnError, makeFolder, syncFolder, systemFailure, type Shell } from '@mln/core';
import { openBases, type Bases } from './bases.js';
import { createDigester } from './digester.js';
import { dataRanges } from './ranges.js';
import type { Transferred } from './send-image.js';
import { takeFrames } from './take-frames.js';
import { isCut, jsonIn, MOST_RECORD, MOST_SIZE, nonsense, wireOn, type Wire } from './wire.js';

/** Where an image is taken in. */
export interface Receiving {
  /** Has the image (`disk`) and the record (`guest`); what an earlier transfer left there is gone on with. */
  readonly folder: string;
  /** Files that are likely to have the same at the same places: templates, earlier copies. */
  readonly bases: readonly string[];
  readonly shell: Shell;
  /** This server's name. */
  readonly name?: string | null;
  /** Takes the image over before the other end is told that it is here. */
  keep?(received: Received): Promise<void>;
}

/** An image that was taken in, and is on the disk. */
export interface Received extends Transferred {
  readonly image: string;
  /** Null where there is none. */
  readonly record: string | null;
}

/** Bytes that are left free for what else is written. */
const RESERVE = 16 * 1024 * 1024;

/**
 * Takes an image in. Each chunk of it was digested before it was written, or where it was found; the digest of all is
 * compared in the end. Throws what went wrong at either end, which is told to the other one. What a cut leaves is kept and
 * gone on with; what is wrong, or has filled the disk, is removed.
 */
export async function receiveImage(stream: Duplex, receiving: Receiving): Promise<Received> {
  const wire = wireOn(stream, receiving.name);
  try {
    const received = await receive(wire, receiving);
    await receiving.keep?.(received);
    await wire.sent('done', Buffer.from(JSON.stringify({ sent: received.sent, reused: received.reused })));
    stream.end();
    return received;
  } catch (error) {
    const told = isMlnError(error) ? error : systemFailure(error, 'an image that is sent cannot be kept');
    if (isCut(told)) wire.close();
    else {
      await rm(receiving.folder, { recursive: true, force: true });
      await wire.fail(told);
    }
    throw told;
  }
}

interface Beginning {
  readonly size: number;
  readonly stored: number;
  readonly record: boolean;
}

async function receive(wire: Wire, { folder, bases, shell }: Receiving): Promise<Received> {
  const beginning = readBeginning(await wire.head().then(async (head) => [head.kind, await wire.body(head)] as const));
  const { size, stored, record } = beginning;
  await makeFolder(folder);
  const path = join(folder, 'disk');
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  const taken = record ? await openRecord(folder) : null;
  const digester = createDigester();
  let opened: Bases | null = null;
  try {
    const before = (await file.stat()).size;
    const known = before === 0 ? [] : await dataRanges(shell, path, before);
    await requireRoom(folder, stored - known.reduce((sum, { from, to }) => sum + to - from, 0));
    await file.truncate(size);
    opened = await openBases([...(before === 0 ? [] : [path]), ...bases], digester);
    const isOwn = (base: number): boolean => before > 0 && base === 0;
    const taking = { wire, file, size, known, isOwn, bases: opened, digester, record: taken, shell };
    const transferred = await takeFrames(taking);
    await taken?.end(join(folder, 'guest'));
    if (!record) await rm(join(folder, 'guest'), { force: true });
    await syncFolder(folder);
    return { ...transferred, image: path, record: record ? join(folder, 'guest') : null };
  } finally {
    digester.close();
    await opened?.close();
    await taken?.close();
    await file.close();
  }
}

function readBeginning([kind, bytes]: readonly [string, Buffer]): Beginning {
  if (kind !== 'begin') throw nonsense(`${kind} at the beginning`);
  const { size, stored, record } = jsonIn(bytes);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(size) || !isCount(stored) || typeof record !== 'boolean') throw nonsense('the beginning tells no size');
  if (size > MOST_SIZE) throw nonsense(`an image has at most ${formatSize(MOST_SIZE)}`);
  return { size, stored: Math.min(stored, size), record };
}

async function requireRoom(folder: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= Math.max(0, wanted) + RESERVE) return;
  throw failure('MLN_NO_SPACE', `${folder} has no room for ${formatSize(wanted)}: ${formatSize(free)} are free`, {
    hint: 'free some space on that server and try again; nothing was changed',
  });
}

/** A record that comes in. */
export interface TakenRecord {
  write(bytes: Buffer): Promise<void>;
  /** The SHA-256 of what has come, hexadecimal; asked for once. */
  digest(): string;
  /** On the disk, and in its place. */
  end(place: string): Promise<void>;
  close(): Promise<void>;
}

async function openRecord(folder: string): Promise<TakenRecord> {
  const path = join(folder, 'guest.part');
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let length = 0;
  return {
    async write(bytes) {
      length += bytes.length;
      if (length > MOST_RECORD) throw nonsense(`a record has at most ${formatSize(MOST_RECORD)}`);
      hash.update(bytes);
      await file.writeFile(bytes);
    },
    digest: () => hash.digest('hex'),
    async end(place) {
      await file.sync();
      await rename(path, place);
    },
    close: () => file.close(),
  };
}
