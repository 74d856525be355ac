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
  /**
   * Passes so many bytes on as they come, piece by piece, without a turn of the loop for each; where a promise is given
   * back, the next only once it is kept. False: the connection ends before them.
   */
  pour(size: number, pass: (piece: Buffer) => Promise<void> | null): Promise<boolean>;
  /** Whoever waits, or does so next, gets an error; null: nobody does. */
  interrupt(reason: { readonly error: unknown } | null): void;
}

/** Takes what comes; hear is called each time that something does. */
export function inflowOf(stream: Readable, hear: () => void): Inflow {
  const pieces: Buffer[] = [];
  let waiting = 0;
  let ended = false;
  /** Takes what it wants of a piece at once, and gives the rest. */
  let direct: ((piece: Buffer) => Buffer) | null = null;
  let reason: { readonly error: unknown } | null = null;
  let wake: () => void = () => undefined;
  const over = (): void => {
    ended = true;
    wake();
  };
  stream.on('data', (piece: Buffer) => {
    hear();
    const rest = direct ? direct(piece) : piece;
    if (rest.length === 0) return;
    pieces.push(rest);
    waiting += rest.length;
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
    while (pieces.length === 0 && !ended && !reason)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (reason) throw reason.error;
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
    async pour(size, pass) {
      let left = size;
      const use = (piece: Buffer): Promise<void> | null => {
        left -= piece.length;
        return pass(piece);
      };
      /** What comes next is used as it comes, until there is no room. */
      const useNext = (): Promise<void> =>
        new Promise((resolve) => {
          wake = resolve;
          direct = (next) => {
            const part = next.subarray(0, left);
            try {
              const room = use(part);
              if (room || left === 0) resolve(room ?? undefined);
              if (room || left === 0) direct = null;
            } catch (error) {
              direct = null;
              reason = { error };
              resolve();
            }
            return next.subarray(part.length);
          };
        });
      while (left > 0) {
        const piece = take(left);
        if (piece) await use(piece);
        else if (ended) return false;
        else await useNext();
        direct = null;
        if (reason) throw reason.error;
      }
      return true;
    },
    interrupt(why) {
      reason = why;
      wake();
    },
  };
}
