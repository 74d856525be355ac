import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Digester } from './digester.js';
import { CHUNK, DIGEST } from './wire.js';

/** Chunks that a file may be looked through for in vain before it is given up. */
const VAIN = 512;

/** Files whose chunks are likely to be those of an image, each at its own place. */
export interface Bases {
  /**
   * Looks for chunks (null: zeros, which nobody needs) that lie one behind another from a byte on. Gives the bytes of each
   * that is found, digested, and the number of the file.
   */
  find(at: number, digests: readonly (Buffer | null)[]): Promise<readonly (Found | null)[]>;
  close(): Promise<void>;
}

export interface Found {
  readonly base: number;
  readonly bytes: Buffer;
}

interface Base {
  readonly file: FileHandle;
  readonly size: number;
  readonly number: number;
  hits: number;
  misses: number;
}

/**
 * Opens the files that are there; links are not followed. A disk that grew from a template, or is an earlier copy, has
 * nearly all that it shares with it at the same place, so nothing has to be indexed, and nothing that a crash may have left
 * half written is believed: what is found was read and digested just then.
 */
export async function openBases(paths: readonly string[], digester: Digester): Promise<Bases> {
  const bases: Base[] = [];
  for (const [number, path] of paths.entries()) {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch(() => null);
    const found = await file?.stat();
    if (file && found?.isFile() && found.size > 0) bases.push({ file, size: found.size, number, hits: 0, misses: 0 });
    else await file?.close();
  }
  return {
    async find(at, digests) {
      const found: (Found | null)[] = digests.map(() => null);
      for (const base of bases) {
        if (base.hits === 0 && base.misses > VAIN) continue;
        const wanted = digests.flatMap((digest, index) => (digest && !found[index] ? [index] : []));
        const [first] = wanted;
        const last = wanted.at(-1);
        if (first === undefined || last === undefined) break;
        const read = await stretch(base, at + first * CHUNK, at + (last + 1) * CHUNK);
        const { bytes, digests: its } = await digester.digest(read);
        for (const index of wanted) {
          const chunk = bytes.subarray((index - first) * CHUNK, (index - first + 1) * CHUNK);
          const digest = its.subarray((index - first) * DIGEST, (index - first + 1) * DIGEST);
          const isIt = digests[index]?.equals(digest) === true;
          if (isIt) found[index] = { base: base.number, bytes: chunk };
          if (isIt) base.hits += 1;
          else base.misses += 1;
        }
      }
      return found;
    },
    async close() {
      for (const { file } of bases) await file.close();
    },
  };
}

/** What a file has of a stretch; what cannot be read is not there. */
async function stretch({ file, size }: Base, from: number, to: number): Promise<Buffer> {
  const length = Math.min(to, size) - from;
  if (length <= 0) return Buffer.allocUnsafeSlow(0);
  const buffer = Buffer.allocUnsafeSlow(length);
  let at = 0;
  try {
    for (let read = -1; read !== 0 && at < length; at += read)
      read = (await file.read(buffer, at, length - at, from + at)).bytesRead;
  } catch {
    // It is sent.
  }
  return buffer.subarray(0, at);
}
