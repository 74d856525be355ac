import { link, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { Exit, failure, startTime, writeAtomically, type CommandContext, type ExitCode } from '@mln/core';
import { principalText } from '../protocol.js';
import type { Asker } from '../server/access.js';
import { folderAt, readOutcome, readStored, type OperationFolder, type Stored } from './folder.js';
import { openLog } from './log-file.js';
import { createCancellation } from './worker-cancel.js';
import { told, type Ending, type Work } from './work.js';
import { logTerminal, overhear } from './worker-terminal.js';

/** Runs `mln daemon-worker FOLDER work|recover`. */
export async function runWorker(context: CommandContext, [path = '', task]: readonly string[]): Promise<ExitCode> {
  const folder = folderAt(path);
  const stored = await readStored(folder);
  if (!stored) throw failure('MLN_NO_OPERATION', `${path} is no folder of an operation`);
  if (task === 'recover') await takeOver(folder);
  else if (!(await claim(folder))) return Exit.done;
  const log = openLog(folder.log);
  const deaf = overhear(log);
  const cancellation = createCancellation(context.mln, () => existsSync(folder.cancelled));
  const terminal = logTerminal(log, cancellation, stored.request.operation);
  const work: Work = {
    context: { ...context, terminal, asker: askerText(stored) },
    folder,
    stored,
    log,
    cancellation,
  };
  try {
    if (await readOutcome(folder)) return Exit.done;
    await finish(work, await carryOut(work, task));
  } finally {
    deaf();
    cancellation.close();
    log.close();
  }
  return Exit.done;
}

async function carryOut(work: Work, task: string | undefined): Promise<Ending> {
  const { log, stored, cancellation } = work;
  try {
    if (task === 'recover') return await (await import('./worker-recover.js')).recoverLeft(work);
    if (stored.request.scope === 'part') return await (await import('./worker-part.js')).runPart(work);
    return await (await import('./worker-whole.js')).runWhole(work);
  } catch (error) {
    if (cancellation.is(error)) return { state: 'cancelled', exit: Exit.failed };
    const { problems, exit } = told(error);
    log.write({ kind: 'error', phase: null, problems, exit });
    return { state: 'failed', exit };
  }
}

async function finish({ log, folder }: Work, ending: Ending): Promise<void> {
  log.write({ kind: 'end', ...ending });
  await writeAtomically(folder.outcome, JSON.stringify({ ...ending, at: new Date().toISOString() }));
}

/** Says that this process works on the operation. False where another does: a daemon that was killed had begun it. */
async function claim(folder: OperationFolder): Promise<boolean> {
  const own = `${folder.mark}.${process.pid}`;
  await writeFile(own, markText(), { mode: 0o600 });
  try {
    await link(own, folder.mark);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function takeOver(folder: OperationFolder): Promise<void> {
  await writeAtomically(folder.mark, markText());
}

function markText(): string {
  return JSON.stringify({ pid: process.pid, started: startTime(process.pid) });
}

/** `user:alice (op-…)`: what others are told who find the project locked. */
function askerText({ id, principal, onBehalfOf }: Asker & Pick<Stored, 'id'>): string {
  return `${principalText(onBehalfOf ?? principal)} (${id})`;
}
