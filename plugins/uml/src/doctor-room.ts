import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { formatSize, MiB, type Check, type Finding } from '@mln/core';
import { memoryFolder } from './doctor-memory.js';

/** What an idle guest of 64 MiB takes: memory in all, of it in its memory file; processes of the physical host. */
const GUEST = { memory: 21 * MiB, file: 14 * MiB, processes: 5 } as const;
/** Fewer guests than this are worth a word. */
const FEW = 10;
/** What most kernels allow of memory maps to a process, sysctl vm.max_map_count; a guest has thousands. */
const MAPS = 65_530;

/** What the machine has, as far as it bounds the number of guests; Infinity where nothing does. */
export interface Resources {
  /** Bytes. */
  readonly memory: number;
  readonly swap: number;
  /** Bytes that are left to this process's control group, and in the folder of guests' memory. */
  readonly groupMemory: number;
  readonly memoryFile: number;
  /** Processes that this user, this control group and the machine may still begin. */
  readonly userProcesses: number;
  readonly groupProcesses: number;
  readonly processes: number;
  /** Open files of one process, and memory maps of one process. */
  readonly files: number;
  readonly maps: number;
  readonly processors: number;
}

export function roomCheck(group: string, need: Check['need']): Check {
  return { id: 'room', group, title: 'room', need, run: async () => judgeRoom(await readResources()) };
}

/** How many idle guests there is room for, and what bounds them. */
export function judgeRoom(found: Resources): Finding {
  const bounds: readonly (readonly [guests: number, what: string, remedy: string])[] = [
    [found.memory / GUEST.memory, 'memory', 'end other programs, or add memory'],
    [
      found.groupMemory / GUEST.memory,
      'the control group’s memory',
      'raise MemoryMax of its unit, or --memory of its container',
    ],
    [
      found.memoryFile / GUEST.file,
      'the folder of guests’ memory',
      'mount -o remount,size=90% /dev/shm (as root), or in a container --shm-size',
    ],
    [
      found.userProcesses / GUEST.processes,
      'the user’s processes',
      'raise ulimit -u: nproc in /etc/security/limits.conf',
    ],
    [
      found.groupProcesses / GUEST.processes,
      'the control group’s processes',
      'raise TasksMax of its unit, or --pids-limit of its container',
    ],
    [found.processes / GUEST.processes, 'process numbers', 'sysctl kernel.pid_max=4194304 (as root)'],
  ];
  const [guests, bound, remedy] = bounds.reduce((least, each) => (each[0] < least[0] ? each : least));
  const room = Math.max(0, Math.floor(guests));
  const detail = [
    `about ${rounded(room)} idle ${room === 1 ? 'guest' : 'guests'} (by ${bound})`,
    `${formatSize(found.memory)} available`,
    found.swap > 0 ? `${formatSize(found.swap)} of swap` : 'no swap',
    `${found.processors} ${found.processors === 1 ? 'processor' : 'processors'}`,
  ].join(', ');
  if (room < FEW) return { state: room === 0 ? 'missing' : 'warning', detail, remedy };
  if (found.maps < MAPS)
    return {
      state: 'warning',
      detail: `${detail}; a process may have ${found.maps} memory maps`,
      remedy: `sysctl vm.max_map_count=${MAPS} (as root)`,
    };
  if (found.files < 256)
    return { state: 'warning', detail: `${detail}; a process may open ${found.files} files`, remedy: 'ulimit -n 1024' };
  return { state: 'ok', detail };
}

/** Two digits are as much as such an estimate is worth. */
function rounded(count: number): string {
  return count < 100 ? String(count) : Number(count.toPrecision(2)).toLocaleString('en');
}

async function readResources(): Promise<Resources> {
  const [meminfo, limits, groups, pidMax, maps, running, file] = await Promise.all([
    readOr('/proc/meminfo'),
    readOr('/proc/self/limits'),
    readOr('/proc/self/cgroup'),
    readOr('/proc/sys/kernel/pid_max'),
    readOr('/proc/sys/vm/max_map_count'),
    processes(),
    statfs(await memoryFolder()).then(({ bavail, bsize }) => bavail * bsize),
  ]);
  const kib = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  const limit = (name: string): number => bound(new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1]);
  return {
    memory: kib('MemAvailable'),
    swap: kib('SwapFree'),
    groupMemory: await leftInGroup(
      groups,
      'memory',
      ['memory.max', 'memory.current'],
      ['memory.limit_in_bytes', 'memory.usage_in_bytes'],
    ),
    memoryFile: file,
    // The limit does not hold for root.
    userProcesses: process.getuid?.() === 0 ? Infinity : limit('Max processes') - running.own,
    groupProcesses: await leftInGroup(groups, 'pids', ['pids.max', 'pids.current'], ['pids.max', 'pids.current']),
    processes: bound(pidMax) - running.all,
    files: limit('Max open files'),
    maps: bound(maps),
    processors: availableParallelism(),
  };
}

/** A limit as files of the kernel have it. */
function bound(text: string | undefined): number {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? Infinity : value;
}

/**
 * What is left of a resource to the control group of this process and to those above it, cgroups(7). In a container the
 * path may be that of the physical host: then the group at the root of the tree counts.
 */
async function leftInGroup(
  groups: string,
  controller: 'memory' | 'pids',
  v2: readonly [most: string, used: string],
  v1: readonly [most: string, used: string],
): Promise<number> {
  const old = new RegExp(`^\\d+:(?:\\S+,)?${controller}(?:,\\S+)?:(.*)$`, 'm').exec(groups)?.[1];
  const [tree, path, [most, used]] =
    old === undefined
      ? ['/sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1] ?? '/', v2]
      : [join('/sys/fs/cgroup', controller), old, v1];
  let left = Infinity;
  const names = path.split('/').filter((name) => name !== '');
  for (let depth = names.length; depth >= 0; depth -= 1) {
    const folder = join(tree, ...names.slice(0, depth));
    left = Math.min(left, bound(await readOr(join(folder, most))) - Number(await readOr(join(folder, used))));
  }
  return left;
}

/** How many processes there are, and how many of them are this user's. */
async function processes(): Promise<{ all: number; own: number }> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const owners = await Promise.all(
    ids.map((id) =>
      stat(`/proc/${id}`).then(
        ({ uid }) => uid,
        () => -1,
      ),
    ),
  );
  return { all: ids.length, own: owners.filter((uid) => uid === process.getuid?.()).length };
}

async function readOr(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
