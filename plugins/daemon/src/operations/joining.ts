import { failure, isMlnError, messageOf, type Outcome } from '@mln/core';
import type { Logger } from 'pino';
import type { LogContent, PhaseRequest } from '../protocol.js';
import type { Held } from './held.js';
import { openLog, readLog } from './log-file.js';

/** What joins the switches of a project to their parts on other servers; the daemon does it, as it outlives the operation. */
export interface Tunnels {
  join(project: string, switches: readonly string[]): Promise<Outcome>;
  leave(project: string, switches: readonly string[]): Promise<Outcome>;
}

/** Tells whether a phase is the daemon's own, and not the worker's. */
export function isJoining({ phase }: PhaseRequest): boolean {
  return phase === 'join' || phase === 'leave';
}

/** Carries out a phase of the daemon's own; its end is in the log. Never throws. */
export async function carryOut(tunnels: Tunnels, held: Held, request: PhaseRequest, logger: Logger): Promise<void> {
  const { number, phase, units } = request;
  let entry: LogContent;
  try {
    const outcome = phase === 'join' ? tunnels.join(held.project, units) : tunnels.leave(held.project, units);
    entry = { kind: 'phase', phase: number, failures: (await outcome).failures };
  } catch (error) {
    if (!isMlnError(error)) logger.error({ err: error, operation: held.id }, 'fault');
    const told = isMlnError(error) ? error : failure('MLN_FAULT', messageOf(error));
    entry = { kind: 'error', phase: number, problems: told.problems, exit: told.exit };
  }
  const log = openLog(held.folder.log);
  try {
    log.write(entry);
  } finally {
    log.close();
  }
}

/** Tells whether the log says how a phase has ended. */
export async function hasEnded({ folder }: Held, number: number): Promise<boolean> {
  for await (const entry of readLog(folder.log, -1, { follow: false, written: () => false }))
    if ((entry.kind === 'phase' || entry.kind === 'error') && entry.phase === number) return true;
  return false;
}
