import type { Logger } from 'pino';

/** Lines of JSON on stderr, where the journal of the system takes them: pino. */
export async function createLog(level: string): Promise<Logger> {
  const { default: pino } = await import('pino');
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
