import { constants } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, systemFailure, writeAtomically, type Project } from '@mln/core';
import type { OperationRequest, OperationState, PhaseRequest } from '../protocol.js';
import type { Asker } from '../server/access.js';

/*
 * The folder of an operation. What the daemon writes is its own, and its worker may read it; the worker writes in a folder
 * within, which belongs to the user as whom it runs: what lies there is not believed more than that user.
 *
 *   request.json   what was asked, by whom; on the disk before it is acknowledged
 *   requests/N     the phases of a part, each on the disk before it is acknowledged
 *   project.json   a package's project, laid out
 *   images/HOST    disks that have come in, each the worker's own
 *   cancelled      it is to end
 *   worker/        log.ndjson, worker.json (who works), outcome.json (how it has ended), output, files/
 */

/** What is kept of a request. */
export interface Stored extends Asker {
  readonly id: string;
  readonly at: string;
  readonly request: OperationRequest;
  readonly run: Run;
}

/** As whom, and where, an operation is carried out. */
export interface Run {
  /** Null: as the daemon's own user. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | null;
  readonly projects: string;
  readonly templates: string;
}

/** Who works on an operation. */
export interface WorkerMark {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, proc(5). */
  readonly started: string;
}

export interface OutcomeMark {
  readonly state: Extract<OperationState, 'done' | 'failed' | 'cancelled'>;
  readonly exit: number;
  readonly at: string;
}

export interface OperationFolder {
  readonly path: string;
  readonly request: string;
  readonly requests: string;
  readonly project: string;
  readonly images: string;
  readonly cancelled: string;
  readonly worker: string;
  readonly log: string;
  readonly mark: string;
  readonly outcome: string;
  readonly output: string;
  readonly files: string;
  /** The socket by which a worker that may not itself asks other servers. */
  readonly relay: string;
}

export function folderAt(path: string): OperationFolder {
  const worker = join(path, 'worker');
  return {
    path,
    request: join(path, 'request.json'),
    requests: join(path, 'requests'),
    project: join(path, 'project.json'),
    images: join(path, 'images'),
    cancelled: join(path, 'cancelled'),
    worker,
    log: join(worker, 'log.ndjson'),
    mark: join(worker, 'worker.json'),
    outcome: join(worker, 'outcome.json'),
    output: join(worker, 'output'),
    files: join(worker, 'files'),
    relay: join(path, 'relay'),
  };
}

/** Makes the folder and writes the request: it is on the disk when this returns. */
export async function storeRequest(folder: OperationFolder, stored: Stored): Promise<void> {
  const { user } = stored.run;
  await makeFolder(join(folder.path, '..'));
  for (const path of [folder.path, folder.requests]) {
    await mkdir(path, { mode: 0o700 });
    if (user) {
      await chown(path, 0, user.gid);
      await chmod(path, 0o2750);
    }
  }
  await mkdir(folder.worker, { mode: 0o700 });
  await writeFile(folder.log, '', { mode: 0o600, flag: 'wx' });
  if (user) for (const path of [folder.log, folder.worker]) await chown(path, user.uid, user.gid);
  await write(folder.request, stored, stored.run);
}

/** Writes something that the worker is to read. */
export async function write(path: string, value: unknown, { user }: Run): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(value)}\n`, user ? 0o640 : 0o600);
  if (user) await chown(path, 0, user.gid);
}

/** Null where the daemon was killed before the request was acknowledged. */
export async function readStored(folder: OperationFolder): Promise<Stored | null> {
  return readJson<Stored>(folder.request);
}

export function readOutcome(folder: OperationFolder): Promise<OutcomeMark | null> {
  return readJson<OutcomeMark>(folder.outcome);
}

export function readMark(folder: OperationFolder): Promise<WorkerMark | null> {
  return readJson<WorkerMark>(folder.mark);
}

export function readProject(folder: OperationFolder): Promise<Project | null> {
  return readJson<Project>(folder.project);
}

export async function readPhase(folder: OperationFolder, number: number): Promise<PhaseRequest | null> {
  return readJson<PhaseRequest>(join(folder.requests, `${number}.json`));
}

/** The numbers of the phases that were asked for; they have no gaps. */
export async function countPhases(folder: OperationFolder): Promise<number> {
  const names = await readdir(folder.requests).catch(() => []);
  return names.filter((name) => /^\d+\.json$/.test(name)).length;
}

/** A phase that is asked for again is a sign that whoever asks is still there: the worker sees the time of the folder. */
export async function showLife(folder: OperationFolder): Promise<void> {
  const now = new Date();
  await utimes(folder.requests, now, now);
}

/** Bytes that a request with its package, the largest of these files, may have. */
const MOST = 256 * 1024 * 1024;

/** What the worker's user may have put there is read only where it is a file. */
async function readJson<T>(path: string): Promise<T | null> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let file: FileHandle | undefined;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const found = await file.stat();
    return found.isFile() && found.size <= MOST ? (JSON.parse(await file.readFile('utf8')) as T) : null;
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      ['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
    )
      return null;
    throw systemFailure(error, `${path} cannot be read`);
  } finally {
    await file?.close();
  }
}
