import { createHash } from 'node:crypto';

/** The digest of an image as it is told of: the SHA-256 of the row of its chunks' digests, runs of zeros as their lengths. */
export interface ImageDigest {
  chunk(digest: Buffer): void;
  /** So many chunks of zeros. */
  zeros(count: number): void;
  /** Hexadecimal. */
  end(): string;
}

export function createImageDigest(size: number): ImageDigest {
  const hash = createHash('sha256').update(`${size}\n`);
  let zeros = 0;
  const flush = (): void => {
    if (zeros > 0) hash.update(`${zeros}\n`);
    zeros = 0;
  };
  return {
    chunk(digest) {
      flush();
      hash.update(digest);
    },
    zeros(count) {
      zeros += count;
    },
    end() {
      flush();
      return hash.digest('hex');
    },
  };
}

/** The SHA-256 of a chunk. */
export function digestOf(chunk: Buffer): Buffer {
  return createHash('sha256').update(chunk).digest();
}
