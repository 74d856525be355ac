import type { Duplex } from 'node:stream';
import { transferredIn, type Transferred } from './send-image.js';
import { isCut, wireOn, type Wire } from './wire.js';

/**
 * Passes an image on from a connection to another one, frame by frame: nothing of it is kept here. Both are closed in the
 * end. Throws what either end says went wrong.
 */
export async function relayImage(source: Duplex, target: Duplex): Promise<Transferred> {
  const [from, to] = [wireOn(source), wireOn(target)];
  const answers = passAnswers(from, to);
  answers.catch(() => undefined);
  try {
    return await Promise.race([answers, passImage(from, to, answers)]);
  } catch (error) {
    if (!isCut(error)) await Promise.all([from.fail(error), to.fail(error)]);
    throw error;
  } finally {
    from.close();
    to.close();
  }
}

/** Ends with an error alone. */
async function passImage(from: Wire, to: Wire, answers: Promise<unknown>): Promise<never> {
  for (;;) {
    const head = await from.head();
    const bytes = await from.body(head);
    try {
      await to.sent(head.kind, bytes);
    } catch (error) {
      // Who hangs up may have said why.
      await answers;
      throw error;
    }
  }
}

async function passAnswers(from: Wire, to: Wire): Promise<Transferred> {
  for (;;) {
    const head = await to.head();
    const bytes = await to.body(head);
    await from.sent(head.kind, bytes);
    if (head.kind === 'done') return transferredIn(bytes);
  }
}
