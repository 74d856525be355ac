import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemFailure } from '@mln/core';
import type { Blob } from '../protocol.js';

/** Bytes from which on a digest is worth being kept. */
const LARGE = 1024 * 1024;
/** Milliseconds: what was changed that lately may change again and look the same. */
const LATELY = 2000;
/** Digests that are kept. */
const MOST = 1000;

/** Digests of files; those of large ones are kept from one command to the next. */
export interface Digests {
  of(path: string): Promise<Blob>;
  /** Keeps what was found out. Never throws: it only spares time. */
  save(): Promise<void>;
}

/** The digests that are kept in a file: by path, and by what changes with every change of a file. */
export function createDigests(cache: string): Digests {
  let known: Promise<Map<string, string>> | undefined;
  let changed = false;
  return {
    async of(path) {
      try {
        const { size, mtimeMs, ctimeMs, ino, dev } = await stat(path);
        if (size < LARGE) return { sha256: await digest(path), size };
        const key = JSON.stringify([path, size, mtimeMs, ctimeMs, ino, dev]);
        const all = await (known ??= readKept(cache));
        const kept = all.get(key);
        if (kept !== undefined) return { sha256: kept, size };
        const sha256 = await digest(path);
        if (Date.now() - Math.max(mtimeMs, ctimeMs) > LATELY) {
          all.set(key, sha256);
          changed = true;
        }
        return { sha256, size };
      } catch (error) {
        throw systemFailure(error, `${path} cannot be read`);
      }
    },
    async save() {
      if (!changed || !known) return;
      const newest = [...(await known)].slice(-MOST);
      try {
        await mkdir(dirname(cache), { recursive: true, mode: 0o700 });
        const temporary = `${cache}.${process.pid}.tmp`;
        await writeFile(temporary, JSON.stringify(newest), { mode: 0o600 });
        await rename(temporary, cache);
        changed = false;
      } catch {
        // They are found out again.
      }
    },
  };
}

async function readKept(cache: string): Promise<Map<string, string>> {
  try {
    const kept = JSON.parse(await readFile(cache, 'utf8')) as unknown;
    const isKept = (each: unknown): each is [string, string] =>
      Array.isArray(each) && typeof each[0] === 'string' && /^[0-9a-f]{64}$/.test(String(each[1]));
    return new Map(Array.isArray(kept) ? kept.filter(isKept) : []);
  } catch {
    return new Map();
  }
}

/** The SHA-256 of a file, hexadecimal. */
export async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: LARGE })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
