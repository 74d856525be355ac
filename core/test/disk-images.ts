import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ext from '@mln/plugin-ext';
import type { Edit } from '../src/filesystem.js';
import type { Mln } from '../src/kernel.js';
import type { Disk } from '../src/project.js';
import { runShell } from '../src/shell.js';
import { fileStore, type Store } from '../src/store.js';
import { MiB } from '../src/values.js';
import { testKernel } from '../../test/support/test-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';

/* Disks with real filesystems, made by mke2fs and judged by e2fsck. */

export const extKernel = (projects: string): Promise<Mln> => testKernel([ext], { projects, shell: runShell });

export const rootDisk: Disk = {
  role: 'root',
  store: 'file',
  path: 'root.img',
  existing: false,
  size: null,
  freeSpace: null,
  device: null,
  mount: null,
};

/** The store of a host's disk in a project of this folder. */
export function storeIn(directory: string, disk: Partial<Disk> = {}, name = 'h'): Store {
  return fileStore({ ...rootDisk, ...disk }, fakeHost(name), fakeProject({ directory }), runShell);
}

export function run(program: string, args: readonly string[], input = ''): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH: path };
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: 'pipe', env, maxBuffer: 64 * MiB });
}

/** Makes an image of so many MiB that has /data, of one block of the letter a, and what debugfs is told besides. */
export function makeDisk(path: string, size = 8, ...lines: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const letters = join(dirname(path), '.letters');
  writeFileSync(letters, Buffer.alloc(4096, 'a'));
  run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', path, `${size}M`]);
  tell(path, `write ${letters} data`, ...lines);
}

/** Tells debugfs what to do with an image. */
export function tell(path: string, ...lines: readonly string[]): string {
  return run('debugfs', ['-w', '-f', '-', path], lines.map((line) => `${line}\n`).join(''));
}

/** Leaves an image as a guest does that is killed: /data is in its journal as one block of the letter b. */
export function leaveJournal(path: string): void {
  const block = /\d+/.exec(run('debugfs', ['-R', 'blocks /data', path]))?.[0] ?? '';
  const letters = join(dirname(path), '.letters');
  writeFileSync(letters, Buffer.alloc(4096, 'b'));
  tell(path, 'journal_open', `journal_write -b ${block} ${letters}`, 'journal_close');
}

/** What e2fsck finds wrong; empty where the filesystem is whole. */
export function faults(path: string): string {
  try {
    const said = run('e2fsck', ['-fn', path]);
    return /journal recovery.*|The physical size.*/.exec(said)?.[0] ?? '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
}

/** A file's text, as debugfs reads it. */
export function inside(path: string, file: string): string {
  return run('debugfs', ['-R', `cat ${file}`, path]);
}

export function newFile(path: string, content: string | Buffer, replaces = false): Edit {
  return { do: 'file', path, content: Buffer.from(content), mode: 0o644, owner: 0, group: 0, replaces };
}

export function bytesOf(path: string): Buffer {
  return readFileSync(path);
}
