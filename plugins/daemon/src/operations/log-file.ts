import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync, watch, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { failure } from '@mln/core';
import type { LogContent, LogEntry } from '../protocol.js';

/*
 * The log of an operation: a line of JSON for each entry, whose number is that of its line. Worker and daemon write to it,
 * each whole lines at its end. A line that was cut off is no entry, and keeps its number.
 */

/** Milliseconds between two looks where nothing tells that a file grows. */
const POLL = 1000;
const CHUNK = 64 * 1024;

export interface LogWriter {
  write(content: LogContent): void;
  close(): void;
}

/** Kinds of entries that others act upon: they are on the disk when they are told. */
const kept: readonly LogContent['kind'][] = ['phase', 'error', 'end'];

/** Opens a log for writing. A link that somebody has put there is not followed. */
export function openLog(path: string): LogWriter {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
  const file = openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_RDWR, 0o600);
  if (!fstatSync(file).isFile()) {
    closeSync(file);
    throw failure('MLN_DAEMON', `${path} is no file: nothing is written to it`);
  }
  return {
    write(content) {
      const line = `${JSON.stringify({ at: new Date().toISOString(), ...content })}\n`;
      writeSync(file, endsWhole(file) ? line : `\n${line}`);
      if (kept.includes(content.kind)) fdatasyncSync(file);
    },
    close() {
      closeSync(file);
    },
  };
}

function endsWhole(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size === 0 || readSync(file, last, 0, 1, size - 1) === 0 || last.toString() === '\n';
}

/** How a log is read. */
export interface Reading {
  /** Goes on as it grows, until an entry says that it has ended, or nobody writes any more. */
  readonly follow: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Tells whether somebody may still write. */
  readonly written: () => boolean;
}

/** Bytes beyond which a line is none of ours: the worker’s user may have written anything. */
const LONGEST = 16 * 1024 * 1024;

/** Gives the entries behind the one numbered `after` (-1: all). */
export async function* readLog(path: string, after: number, reading: Reading): AsyncGenerator<LogEntry, void> {
  const file = await openToRead(path);
  if (file === null) return;
  const growth = watchGrowth(path, reading);
  try {
    const buffer = Buffer.alloc(CHUNK);
    let rest: Buffer[] = [];
    let position = 0;
    let number = 0;
    while (!reading.signal?.aborted) {
      const written = reading.written();
      const { bytesRead } = await file.read(buffer, 0, CHUNK, position);
      position += bytesRead;
      let from = 0;
      for (let end = find(buffer, from, bytesRead); end >= 0; end = find(buffer, from, bytesRead)) {
        const line = Buffer.concat([...rest, buffer.subarray(from, end)]).toString();
        rest = [];
        from = end + 1;
        const entry = number > after ? entryOf(line, number) : null;
        number += 1;
        if (entry) yield entry;
        if (entry?.kind === 'end') return;
      }
      // Copied: the buffer is used again.
      if (from < bytesRead) rest.push(Buffer.from(buffer.subarray(from, bytesRead)));
      if (rest.length * CHUNK > LONGEST) return;
      if (bytesRead > 0) continue;
      if (!reading.follow || !written) return;
      await growth.next();
    }
  } finally {
    growth.end();
    await file.close();
  }
}

/** Null where something else lies in the place of a file. */
async function openToRead(path: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    // A link, or a socket.
    if (['ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  });
  if (file === null || (await file.stat()).isFile()) return file;
  await file.close();
  return null;
}

function find(buffer: Buffer, from: number, end: number): number {
  const at = buffer.indexOf(0x0a, from);
  return at < end ? at : -1;
}

function entryOf(line: string, number: number): LogEntry | null {
  try {
    const entry = JSON.parse(line) as Omit<LogEntry, 'number'> | null;
    return typeof entry?.kind === 'string' ? ({ ...entry, number } as LogEntry) : null;
  } catch {
    return null;
  }
}

/** What is waited on until a file may have grown. */
interface Growth {
  next(): Promise<void>;
  end(): void;
}

/** Told by the system, where it does, and looked for now and then. */
function watchGrowth(path: string, { follow, signal }: Reading): Growth {
  if (!follow) return { next: () => Promise.resolve(), end: () => undefined };
  let grown = false;
  let wake: () => void = () => undefined;
  const told = (): void => {
    grown = true;
    wake();
  };
  const watcher = watched(path, told);
  const timer = setInterval(told, POLL);
  signal?.addEventListener('abort', told);
  return {
    async next() {
      if (!grown) await new Promise<void>((resolve) => (wake = resolve));
      grown = false;
    },
    end() {
      watcher?.close();
      clearInterval(timer);
      signal?.removeEventListener('abort', told);
    },
  };
}

function watched(path: string, told: () => void): ReturnType<typeof watch> | null {
  try {
    return watch(path, told).on('error', () => undefined);
  } catch {
    return null;
  }
}
