import type { Writable } from 'node:stream';

/** Bytes that may wait to be sent. */
const WAITING = 16 * 1024 * 1024;

/**
 * What goes out over a connection, one piece after the other. A stream that is given several at once would put them
 * together first: of long ones that is a copy of all that travels.
 */
export interface Outflow {
  /** Nothing waits, or is under way. */
  readonly isIdle: boolean;
  /** Whether there is room for more. */
  readonly hasRoom: boolean;
  /** Sends bytes behind those before; resolves once they are no longer needed: false where the connection was closed. */
  put(bytes: Buffer): Promise<boolean>;
  /** Throws away what waits. */
  drop(): void;
}

interface Piece {
  readonly bytes: Buffer;
  readonly over: (isSent: boolean) => void;
}

export function outflowOf(stream: Writable): Outflow {
  let pieces: Piece[] = [];
  let current: Piece | null = null;
  let waiting = 0;
  const drop = (): void => {
    const dropped = pieces;
    [pieces, waiting] = [[], 0];
    for (const { over } of dropped) over(false);
  };
  const next = (): void => {
    current = pieces.shift() ?? null;
    if (!current) return;
    const { bytes, over } = current;
    waiting -= bytes.length;
    stream.write(bytes, (error) => {
      if (current?.bytes === bytes) next();
      over(!error && !stream.destroyed);
    });
  };
  stream.once('close', () => {
    current?.over(false);
    current = null;
    drop();
  });
  return {
    get isIdle() {
      return current === null;
    },
    get hasRoom() {
      return waiting < WAITING;
    },
    put(bytes) {
      if (stream.destroyed || !stream.writable) return Promise.resolve(false);
      return new Promise((over) => {
        pieces.push({ bytes, over });
        waiting += bytes.length;
        if (!current) next();
      });
    },
    drop,
  };
}
