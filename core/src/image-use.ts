import { closeSync, constants, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';

/**
 * Who uses an image that mln has not made, as a sentence's end; null where nobody is known to. Guests of User-Mode
 * Linux lock what they write, proc(5) lists the locks; loop devices tell their files in /sys/block. A device that is
 * mounted, or that a guest of Xen or another device has, cannot be opened for oneself alone, open(2).
 */
export function useOf(image: string): string | null {
  const found = statSync(image, { throwIfNoEntry: false });
  if (found?.isBlockDevice()) return isHeld(image) ? 'it is mounted, or a guest has it' : null;
  if (!found?.isFile()) return null;
  const holder = lockHolder(readOr('/proc/locks'), found);
  if (holder !== null) return describe(holder);
  const path = realpathSync(image);
  const loop = readOrNone('/sys/block').find(
    (name) => name.startsWith('loop') && readOr(`/sys/block/${name}/loop/backing_file`).trimEnd() === path,
  );
  return loop === undefined ? null : `it is the file of /dev/${loop}, which may be mounted`;
}

function isHeld(device: string): boolean {
  try {
    closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EBUSY';
  }
}

/** The process that has locked a file for writing; null where none has. Numbers of devices are hexadecimal there. */
export function lockHolder(locks: string, { dev, ino }: { dev: number; ino: number }): number | null {
  const major = Math.floor(dev / 256) % 4096;
  const minor = (dev % 256) + Math.floor(dev / 2 ** 20) * 256;
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  const line = locks
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find((words) => words[3] === 'WRITE' && words[5] === `${hex(major)}:${hex(minor)}:${ino}`);
  return line === undefined ? null : Number(line[4]);
}

function describe(pid: number): string {
  const guest = /\0mln=([^\0]+)/.exec(readOr(`/proc/${pid}/cmdline`))?.[1];
  return guest === undefined ? `process ${pid} writes to it` : `${guest} runs on it`;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
