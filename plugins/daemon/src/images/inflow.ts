import type { Readable } from 'node:stream';

/** Bytes that may wait to be used. */
const WAITING = 4 * 1024 * 1024;

/** What comes in over a connection, taken in pieces as they are: most of them are there when they are asked for. */
export interface Inflow {
  /** Bytes that wait. */
  readonly waiting: number;
  /** What is there, so many bytes at most; null where nothing is just now. */
  take(most: number): Buffer | null;
  /** Waits until something is there; false: nothing more comes. */
  more(): Promise<boolean>;
  /** Exactly so many bytes; null where the connection ends before them. */
  exactly(size: number): Promise<Buffer | null>;
}

/** Takes what comes; hear is called each time that something does. */
export function inflowOf(stream: Readable, hear: () => void): Inflow {
  const pieces: Buffer[] = [];
  let waiting = 0;
  let ended = false;
  let wake: () => void = () => undefined;
  const over = (): void => {
    ended = true;
    wake();
  };
  stream.on('data', (piece: Buffer) => {
    hear();
    pieces.push(piece);
    waiting += piece.length;
    if (waiting >= WAITING) stream.pause();
    wake();
  });
  stream.once('end', over).once('close', over).once('error', over);
  const take = (most: number): Buffer | null => {
    const [first] = pieces;
    if (first === undefined) return null;
    if (first.length > most) pieces[0] = first.subarray(most);
    else pieces.shift();
    const taken = first.subarray(0, most);
    waiting -= taken.length;
    if (waiting < WAITING && stream.isPaused()) stream.resume();
    return taken;
  };
  const more = async (): Promise<boolean> => {
    while (pieces.length === 0 && !ended)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return pieces.length > 0;
  };
  return {
    get waiting() {
      return waiting;
    },
    take,
    more,
    async exactly(size) {
      const found: Buffer[] = [];
      for (let left = size; left > 0;) {
        const piece = take(left);
        if (piece === null) {
          if (!(await more())) return null;
          continue;
        }
        found.push(piece);
        left -= piece.length;
      }
      return found.length === 1 ? (found[0] ?? null) : Buffer.concat(found);
    },
  };
}
