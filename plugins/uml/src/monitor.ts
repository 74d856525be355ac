import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { bootTold, endOfLog, MiB, type Host, type Look, type Project, type Status, type Unit } from '@mln/core';
import { causeOfDeath } from './console-log.js';
import { trafficOf } from './traffic.js';

/** Bytes of memory in a page, and clock ticks in a second: the same on every Linux that User-Mode Linux runs on. */
const PAGE = 4096;
const TICKS = 100;
/** Bytes: with less on the physical disk, what guests write is lost soon. */
const FULL = MiB;
/** Stands for the folder of a process that belongs to another user. */
const UNREADABLE = '';

/** What one look has found in /proc, for all projects that are looked at. */
const looks = new WeakMap<Look, () => ReadonlyMap<number, Session>>();

/** Tells what runs, from pid files and /proc alone; no guest is asked. */
export function monitor(
  statuses: ReadonlyMap<string, Status>,
  units: readonly Unit[],
  project: Project,
  look: Look = { usage: false },
): ReadonlyMap<string, Status> {
  const result = new Map(statuses);
  const sessions = looks.get(look) ?? readSessions();
  looks.set(look, sessions);
  for (const unit of units) if (unit.hypervisor === 'uml') result.set(unit.name, statusOf(unit, project, sessions));
  return result;
}

const down: Status = { state: 'down', ready: null, id: null, memory: null, cpu: null, network: null, detail: null };

function statusOf(unit: Unit, project: Project, sessions: () => ReadonlyMap<number, Session>): Status {
  if (unit.kind === 'switch' && unit.socket !== null)
    return { ...down, state: 'unknown', detail: `run by others: ${unit.socket}` };
  if (!existsSync(join(project.directory, unit.name))) return down;
  const folder = realpathSync(join(project.directory, unit.name));
  if (!isReadable(join(folder, 'pid'))) return { ...down, state: 'unknown', detail: 'it belongs to another user' };
  const pid = Number.parseInt(readOr(join(folder, 'pid'), ''), 10);
  if (Number.isNaN(pid)) return down;
  const where = workingFolder(pid);
  if (where === UNREADABLE && ownerOf(`/proc/${pid}`) === ownerOf(join(folder, 'pid')))
    return { ...down, state: 'unknown', detail: 'it belongs to another user' };
  if (where === folder) return upStatus(unit, project, folder, pid, sessions().get(pid)?.ticks ?? 0);
  // Who ends by himself takes his socket away, and his last processes follow him; who was killed leaves both.
  const left = join(folder, unit.kind === 'host' ? join('run', unit.name) : 'ctl');
  const last = sessions().get(pid)?.members ?? [];
  if (!existsSync(left) && last.some((each) => workingFolder(each) === folder))
    return { ...down, state: 'up', id: pid, ready: false, detail: 'is going down' };
  const cause = causeOfDeath(endOfLog(join(folder, 'console.log'))?.toString() ?? '');
  const died = cause === null ? 'it has died' : `it has died (${cause})`;
  if (!existsSync(left)) return cause === null ? down : { ...down, detail: died };
  return { ...down, detail: `${died}; mln clean takes away what it left` };
}

function upStatus(unit: Unit, project: Project, folder: string, pid: number, ticks: number): Status {
  return {
    ...down,
    state: 'up',
    id: pid,
    memory: residentMemory(pid),
    cpu: ticks / TICKS,
    network: trafficOf(unit, folder, pid),
    ...(unit.kind === 'host' ? hostStatus(unit, project, folder) : {}),
  };
}

/** What a host has told of its boot, and what its disk has come to. */
function hostStatus(host: Host, project: Project, folder: string): Pick<Status, 'ready' | 'detail'> {
  const { ready, detail } = bootTold(host, project);
  const details = [detail, isFull(folder) ? 'the physical disk is full: what it writes is lost' : null].filter(
    (each) => each !== null,
  );
  // The first call of its script is about to make the log.
  return { ready: ready ?? false, detail: details.length > 0 ? details.join('; ') : null };
}

/** What is not there hinders nobody. */
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}

/** A pid that has been given to another user's process since belongs to nobody here. */
function ownerOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? null;
}

/** The folder that a process works in names it: pids are used again. */
function workingFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') ? UNREADABLE : null;
  }
}

/** The second field of /proc/PID/statm, proc(5). Helpers share their guest's memory and are not counted. */
function residentMemory(pid: number): number | null {
  const pages = Number(readOr(`/proc/${pid}/statm`, '').split(' ')[1]);
  return Number.isNaN(pages) ? null : pages * PAGE;
}

/** The processes of one session: a guest is one. Its last ones may outlive the first by a moment, and hold its disk. */
interface Session {
  readonly members: number[];
  /** Clock ticks of processor time. */
  ticks: number;
}

/** All sessions, from /proc at first use: a guest's own processes are traced ones of its session. */
function readSessions(): () => ReadonlyMap<number, Session> {
  let sessions: Map<number, Session> | undefined;
  return () => {
    if (sessions) return sessions;
    sessions = new Map();
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const stat = readOr(`/proc/${name}/stat`, '');
      // Behind the name in parentheses: state, parent, group, session, …; user and system time are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const id = Number(fields[3]);
      const session = sessions.get(id) ?? { members: [], ticks: 0 };
      session.members.push(Number(name));
      session.ticks += Number(fields[11]) + Number(fields[12]);
      sessions.set(id, session);
    }
    return sessions;
  };
}

/** A guest whose disk cannot grow sees errors, and goes on with a filesystem that it only reads. */
function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FULL;
  } catch {
    return false;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
