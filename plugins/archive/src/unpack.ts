import { once } from 'node:events';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isMlnError, messageOf, systemFailure } from '@mln/core';
import { extract as createExtract, type Extract, type ExtractEvents } from 'tar-stream';
import { writeSparse } from './blocks.js';
import { badArchive, HEAD, MOST_HEAD, readContents, type Contents } from './contents.js';
import { runZstd, type Zstd } from './zstd.js';

type Entry = ExtractEvents['entry'][1];

/** Bytes of headers and padding that may come between two entries, and at the end. */
const BETWEEN = 2 * 1024 * 1024;

/** An archive that is open; its contents are checked. */
export interface OpenArchive {
  readonly contents: Contents;
  /** Writes the files that are wanted into a folder, each under its digest, and sees to it that there is nothing else. */
  extract(folder: string, wanted: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}

/** Opens an archive, - is standard input, and reads what it says of itself. Throws MLN_BAD_ARCHIVE. */
export async function openArchive(path: string): Promise<OpenArchive> {
  const file = path === '-' ? null : await openFile(path);
  const zstd = runZstd(['-d', '-c'], file?.fd ?? 0, 'pipe');
  const tar = createExtract();
  const measure = { left: BETWEEN };
  // What goes wrong in it ends the reading of entries, and is told there.
  const pumping = pump(zstd, tar, measure);
  const entries = tar[Symbol.asyncIterator]();
  const next = async (): Promise<Entry | null> => {
    try {
      const { value, done } = (await entries.next()) as IteratorResult<Entry, undefined>;
      return done === true ? null : value;
    } catch (error) {
      throw unreadable(error);
    }
  };
  const close = async (): Promise<void> => {
    zstd.kill();
    tar.destroy(null);
    await pumping;
    await file?.close();
  };
  const readHead = async (): Promise<Contents> => {
    const head = await next();
    if (!head) throw badArchive('the archive is empty');
    requirePlain(head, HEAD);
    const { size } = head.header;
    if (size > MOST_HEAD) throw badArchive(`the archive: ${HEAD} is larger than ${MOST_HEAD} bytes`);
    measure.left += size;
    const chunks: Buffer[] = [];
    for await (const chunk of bytesOf(head)) chunks.push(chunk);
    return readContents(Buffer.concat(chunks).toString());
  };
  const takeBlobs = async ({ blobs }: Contents, folder: string, wanted: ReadonlySet<string>): Promise<void> => {
    for (const { sha256, size, data } of blobs) {
      const entry = await next();
      if (!entry) throw badArchive(`the archive ends before blobs/${sha256}`);
      requirePlain(entry, `blobs/${sha256}`, size);
      measure.left = BETWEEN + size;
      let left = data;
      const target = wanted.has(sha256) ? join(folder, sha256) : null;
      const written = await writeSparse(target, bytesOf(entry), (more) => {
        left -= more;
        if (left < 0) throw badArchive(`the archive: blobs/${sha256} has more data than ${HEAD} says`);
      });
      if (written.size !== size || written.sha256 !== sha256)
        throw badArchive(`the archive: blobs/${sha256} has the SHA-256 ${written.sha256}`, 'get it again');
    }
    const more = await next();
    if (more) throw badArchive(`the archive holds ${shown(more.header.name)}, which ${HEAD} does not name`);
  };
  try {
    const contents = await readHead();
    return {
      contents,
      async extract(folder, wanted) {
        try {
          await takeBlobs(contents, folder, wanted);
        } catch (error) {
          throw systemFailure(error, `${folder} cannot be written`);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Gives zstd's output to the reader of tar, no more of it than the archive may have here. Never throws. */
async function pump(zstd: Zstd, tar: Extract, measure: { left: number }): Promise<void> {
  const closed = once(tar, 'close').catch(() => undefined);
  try {
    for await (const chunk of zstd.child.stdout as AsyncIterable<Buffer>) {
      measure.left -= chunk.length;
      if (measure.left < 0) throw badArchive('the archive holds more than it says');
      if (!tar.write(chunk) && !tar.destroying) await Promise.race([once(tar, 'drain'), closed]);
      if (tar.destroying) return;
    }
    await zstd.ended();
    tar.end(null);
  } catch (error) {
    tar.destroy(error as Error);
  }
}

/** The bytes of an entry, as they come. */
async function* bytesOf(entry: Entry): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of entry as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw unreadable(error);
  }
}

/** A plain file of exactly this name, and size: no link, no device, no header that says more than that. */
function requirePlain({ header }: Entry, name: string, size?: number): void {
  const { type, pax, linkname } = header;
  if (type !== 'file' || pax || linkname) throw badArchive(`the archive: ${shown(header.name)} is no plain file`);
  if (header.name !== name) throw badArchive(`the archive: ${shown(header.name)} stands where ${name} is expected`);
  if (size !== undefined && header.size !== size)
    throw badArchive(`the archive: ${name} has ${header.size} bytes, not ${size}`);
}

/** What somebody else has written, in a message. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}

function unreadable(error: unknown): Error {
  if (isMlnError(error) && error.code !== 'MLN_COMMAND_FAILED') return error;
  return badArchive(`the archive cannot be read: ${messageOf(error)}`, 'it is none of mln’s, or damaged', error);
}

async function openFile(path: string) {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (error) {
    throw systemFailure(error, `${path} cannot be read`);
  }
  throw badArchive(`${path} is a folder`);
}
