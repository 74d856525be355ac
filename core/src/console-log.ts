import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, Project } from './project.js';
import { readyMark, type Status } from './status.js';

/** Bytes of a console's end that are looked at: what a guest says of itself stands there. */
const TAIL = 256 * 1024;

/** The end of what a guest has written on its console; empty where there is nothing, null where there is no file. */
export function endOfLog(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer;
  } finally {
    closeSync(file);
  }
}

/** What a Linux kernel that has panicked says of it, as words that can follow "it has died"; null where none has. */
export function panicTold(log: string): string | null {
  const panic = /Kernel panic - not syncing: ([^\r\n]*)/.exec(log)?.[1];
  return panic === undefined ? null : `its kernel panicked: ${panic}`;
}

/**
 * What a guest that runs has told of its boot on its console, `console.log` in its folder. Where there is no such file
 * nothing is known of it. The mark may be followed by ` (startup ended with 3)`.
 */
export function bootTold({ name }: Host, project: Project): Pick<Status, 'ready' | 'detail'> {
  const log = endOfLog(join(project.directory, name, 'console.log'));
  if (log === null) return { ready: null, detail: null };
  const mark = readyMark(name, project.name);
  const at = log.lastIndexOf(mark);
  const more = at < 0 ? '' : log.subarray(at + mark.length, at + mark.length + 40).toString();
  return { ready: at >= 0, detail: /^ \((startup ended with \d+)\)/.exec(more)?.[1] ?? null };
}
