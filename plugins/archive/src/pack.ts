import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { failure, syncFolder, systemFailure } from '@mln/core';
import { pack as createPack, type Pack } from 'tar-stream';
import { CHUNK } from './blocks.js';
import { HEAD, type ArchivedBlob, type Contents } from './contents.js';
import { runZstd } from './zstd.js';

/** Files by their digests: where each lies on this machine. */
export type Files = ReadonlyMap<string, string>;

/** Writes an archive to a file that takes its name when it is whole and on the physical disk. Gives its bytes. */
export async function writeArchive(contents: Contents, files: Files, path: string): Promise<number> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writeTo(contents, files, file.fd);
      await file.sync();
    } finally {
      await file.close();
    }
    const { size } = await stat(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return size;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw systemFailure(error, `${path} cannot be written`);
  }
}

/** Writes an archive to what is open already. */
export async function writeTo(contents: Contents, files: Files, descriptor: number): Promise<void> {
  // Each thread has memory of its own, and disks are mostly read faster than two can compress.
  const zstd = runZstd(['-T2', '-c'], 'pipe', descriptor);
  const pack = createPack();
  const { stdin } = zstd.child;
  if (!stdin) throw failure('MLN_COMMAND_FAILED', 'zstd cannot be written to');
  try {
    await Promise.all([putAll(pack, contents, files), pump(pack, stdin)]);
  } catch (error) {
    pack.destroy(null);
    stdin.destroy();
    // Where zstd has failed, that is why nothing could be written to it.
    await zstd.ended();
    throw error;
  }
  await zstd.ended();
}

async function pump(pack: Pack, stdin: NodeJS.WritableStream): Promise<void> {
  for await (const chunk of pack as AsyncIterable<Buffer>) if (!stdin.write(chunk)) await once(stdin, 'drain');
  stdin.end();
  await finished(stdin);
}

async function putAll(pack: Pack, contents: Contents, files: Files): Promise<void> {
  try {
    const mtime = new Date(contents.at);
    const text = Buffer.from(`${JSON.stringify(contents)}\n`);
    await put(pack, { name: HEAD, size: text.length, mtime }, [text]);
    for (const blob of contents.blobs) {
      const path = files.get(blob.sha256);
      if (path === undefined) throw new Error(`nobody knows where ${blob.sha256} lies`);
      await put(pack, { name: `blobs/${blob.sha256}`, size: blob.size, mtime }, unchanged(path, blob));
    }
    pack.finalize();
  } catch (error) {
    pack.destroy(error as Error);
    throw error;
  }
}

/** The bytes of a file, which must be those that were measured. */
async function* unchanged(path: string, { sha256, size }: ArchivedBlob): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  if (size > 0)
    for await (const chunk of createReadStream(path, {
      highWaterMark: CHUNK,
      end: size - 1,
    }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  if (hash.digest('hex') !== sha256)
    throw failure('MLN_IO', `${path} has changed while it was exported`, { hint: 'export it again' });
}

async function put(
  pack: Pack,
  { name, size, mtime }: { readonly name: string; readonly size: number; readonly mtime: Date },
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  const entry = pack.entry({ name, size, mtime, mode: 0o600, type: 'file' }, (error) => {
    if (error) reject(error);
    else resolve();
  });
  const write = async (): Promise<void> => {
    for await (const chunk of chunks) if (!entry.write(chunk)) await once(entry, 'drain');
    entry.end(null);
  };
  await Promise.all([write(), promise]);
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((fulfil, refuse) => {
    [resolve, reject] = [fulfil, refuse];
  });
  return { promise, resolve, reject };
}
