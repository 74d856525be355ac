import { chmod, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSize, MiB, type Check, type Finding, type Scratch, type Shell } from '@mln/core';

/** TMPFS_MAGIC of statfs(2). */
const TMPFS = 0x01021994;
/** What an idle guest has written into its memory file. */
const IDLE = 14 * MiB;

/** The folder where a guest's kernel keeps the file that is its memory: choose_tempdir in arch/um/os-Linux/mem.c. */
export async function memoryFolder(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const told = ['TMPDIR', 'TMP', 'TEMP'].map((name) => environment[name]).find(Boolean);
  if (told) return told;
  return (await isTmpfs('/dev/shm')) ? '/dev/shm' : '/tmp';
}

async function isTmpfs(path: string): Promise<boolean> {
  return statfs(path).then(
    ({ type }) => type === TMPFS,
    () => false,
  );
}

/** Whether guests' memory is in memory, may hold programs, and has room. */
export function memoryCheck(group: string, need: Check['need'], shell: Shell): Check {
  return { id: 'memory', group, title: 'memory file', need, run: (scratch) => look(scratch, shell) };
}

async function look(scratch: Scratch, shell: Shell): Promise<Finding> {
  const folder = await memoryFolder();
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const inMemory = await isTmpfs(folder);
  if (!(await holdsPrograms(await scratch.folder(folder), shell)))
    return {
      state: 'missing',
      detail: `${folder} is mounted noexec, and a guest’s memory has to hold programs`,
      remedy: `mount -o remount,exec ${folder} (as root), or set TMPDIR to a folder that is not`,
    };
  const detail = `${folder}: ${inMemory ? 'tmpfs' : 'no tmpfs'}, ${formatSize(free)} free`;
  if (free < IDLE)
    return {
      state: 'missing',
      detail: `${detail}, too little for one guest`,
      remedy: inMemory
        ? `mount -o remount,size=50% ${folder} (as root), or in a container --shm-size`
        : `free some space in ${folder}`,
    };
  if (inMemory) return { state: 'ok', detail };
  return {
    state: 'warning',
    detail: `${detail}: what guests write into memory goes to a disk`,
    remedy: 'unset TMPDIR, TMP and TEMP, and see that /dev/shm is a tmpfs',
  };
}

/** A program is run from there. */
async function holdsPrograms(folder: string, shell: Shell): Promise<boolean> {
  const program = join(folder, 'program');
  await writeFile(program, '#!/bin/sh\nexit 0\n');
  await chmod(program, 0o700);
  const { exitCode } = await shell('sh', ['-c', '"$1"', 'sh', program], { accept: [0, 126], timeout: 5000 });
  return exitCode === 0;
}
