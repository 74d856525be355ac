import { createHash } from 'node:crypto';
import { DIGEST } from './wire.js';

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

/** The digests of chunks that come one behind the other. */
export function digestsIn(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length / DIGEST }, (_, index) =>
    bytes.subarray(index * DIGEST, (index + 1) * DIGEST),
  );
}
