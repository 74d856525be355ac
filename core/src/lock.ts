import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failure, systemFailure } from './errors.js';
import { makeFolder } from './files.js';
import { isProjectName, namePattern } from './names.js';

/** Who holds a lock. Pid, start time and boot together name a process for good: pids are used again. */
interface Holder {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, proc(5). */
  readonly started: string;
  readonly boot: string;
  readonly host: string;
  readonly user: string;
  readonly doing: string;
}

export interface Lock {
  release(): void;
}

/*
 * Everyone who wants the lock writes a file of his own and then looks for the files of others; he has the lock when
 * no other living process has one. As each writes before he looks, of two at least one sees the other. Files of the
 * dead are taken away by whoever sees them. Nothing has to be stolen, so nothing can be stolen twice.
 */

const TRIES = 6;

/** Takes a project's lock. Throws MLN_LOCKED, naming the holder, where another process has it. */
export async function takeLock(projects: string, project: string, doing: string): Promise<Lock> {
  if (!isProjectName(project))
    throw failure('MLN_USAGE', `${JSON.stringify(project)} cannot be the name of a project`, { hint: namePattern });
  await makeFolder(projects);
  for (let attempt = 1; ; attempt += 1) {
    const path = join(projects, `.${project}.lock.${process.pid}-${randomBytes(4).toString('hex')}`);
    announce(path, doing);
    const holder = livingHolder(projects, project, path);
    if (!holder)
      return {
        release: () => {
          rmSync(path, { force: true });
        },
      };
    rmSync(path, { force: true });
    if (attempt === TRIES)
      throw failure(
        'MLN_LOCKED',
        `the project ${project} is being worked on: ${holder.doing} by ${holder.user} on ${holder.host} (process ${holder.pid})`,
        {
          hint:
            holder.host === hostname()
              ? 'wait until it is done'
              : `if nothing runs there any more, remove .${project}.lock.* in ${projects}`,
        },
      );
    await pause(10 + Math.random() * 20 * attempt);
  }
}

/** The whole content appears at once: under its final name the file is never seen half written. */
function announce(path: string, doing: string): void {
  const holder: Holder = {
    pid: process.pid,
    started: startTime(process.pid) ?? '',
    boot: bootId(),
    host: hostname(),
    user: userName(),
    doing,
  };
  try {
    writeFileSync(`${path}.tmp`, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    rmSync(`${path}.tmp`, { force: true });
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '') && announceByLink(path, holder))
      return;
    throw systemFailure(error, `the projects folder ${dirname(path)} cannot be written`, 'use another with -P');
  }
}

/** Bytes of a link's target that most filesystems keep in the inode: it needs no block. */
const INODE = 59;

/**
 * On a full disk projects can still be stopped and removed: there the holder stands in the target of a link to nowhere,
 * as short as may be. False where not even that can be made.
 */
function announceByLink(path: string, { pid, started, boot, host, doing }: Holder): boolean {
  const target = [pid, started, boot.slice(0, 13), digestOf(host), doing].join(' ');
  try {
    symlinkSync(target.slice(0, INODE), path);
    return true;
  } catch {
    return false;
  }
}

function readLink(path: string): Holder | 'gone' {
  try {
    const [pid = '', started = '', boot = '', host, ...doing] = readlinkSync(path).split(' ');
    return {
      pid: Number(pid),
      started,
      boot: bootId().startsWith(boot) ? bootId() : boot,
      host: host === digestOf(hostname()) ? hostname() : 'another machine',
      user: `user ${lstatSync(path).uid}`,
      doing: doing.join(' '),
    };
  } catch {
    return 'gone';
  }
}

function digestOf(host: string): string {
  return createHash('sha256').update(host).digest('hex').slice(0, 8);
}

function livingHolder(projects: string, project: string, own: string): Holder | null {
  for (const name of readdirSync(projects)) {
    const path = join(projects, name);
    if (!name.startsWith(`.${project}.lock.`) || path === own) continue;
    const holder = readHolder(path);
    if (holder === 'gone') continue;
    if (holder && lives(holder)) return holder;
    if (!name.endsWith('.tmp') || !processExists(Number(name.split('.').at(-2)?.split('-')[0])))
      rmSync(path, { force: true });
  }
  return null;
}

/**
 * Tells whether a living process has a project's lock, or is about to have it, or whether that cannot be told. Nothing
 * is changed.
 */
export function isLocked(projects: string, project: string): boolean {
  try {
    return readdirSync(projects).some((name) => {
      if (!name.startsWith(`.${project}.lock.`)) return false;
      const holder = readHolder(join(projects, name));
      if (holder === null) accessSync(join(projects, name), constants.R_OK);
      return holder !== null && holder !== 'gone' && lives(holder);
    });
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

function readHolder(path: string): Holder | 'gone' | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? readLink(path) : null;
  }
}

function lives(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  return holder.boot === bootId() && startTime(holder.pid) === holder.started;
}

function processExists(pid: number): boolean {
  return startTime(pid) !== null;
}

/** When a process started, in clock ticks since boot; null where there is none, or only what its parent has not fetched. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? null : (fields[18] ?? null);
  } catch {
    return null;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '?');
  }
}
