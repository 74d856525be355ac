import { existsSync, readFileSync } from 'node:fs';
import { failure, type Entry } from '@mln/core';
import { word } from './debugfs.js';
import { withFolder } from './private-folder.js';
import type { Reader } from './reader.js';

/** What a directory holds; null where there is none. */
export type Listing = ReadonlyMap<string, Entry> | null;

/**
 * debugfs prints `/inode/mode/user/group/name/size/`, a line for each name. What was removed may still stand there, as
 * inode 0; and ids from 2³¹ on are printed as negative ones.
 */
export async function readDirectory(reader: Reader, image: string, path: string): Promise<Listing> {
  const { stdout, complaints } = await reader.ask([`ls -p ${word(path)}`], isListing);
  if (complaints.some((line) => /File not found|not a directory/.test(line))) return null;
  if (complaints.length > 0) throw unreadable(image, path, complaints);
  const entries = new Map<string, Entry>();
  for (const line of stdout.split('\n')) {
    const match = /^\/[1-9]\d*\/(\d+)\/(-?\d+)\/(-?\d+)\/([^/]+)\/(\d*)\/$/.exec(line);
    const [, mode = '', owner, group, name = '', size] = match ?? [];
    if (!match || name === '.' || name === '..') continue;
    const bits = Number.parseInt(mode, 8);
    entries.set(name, {
      type: typeOf(bits),
      mode: bits & 0o7777,
      owner: Number(owner) >>> 0,
      group: Number(group) >>> 0,
      size: Number(size),
    });
  }
  return entries;
}

/** Every directory lists itself. */
function isListing(stdout: string): boolean {
  return /^\/\d+\/\d+\/-?\d+\/-?\d+\/\.\/\/?$/m.test(stdout);
}

function isStat(stdout: string): boolean {
  return /^Inode: \d+/m.test(stdout);
}

function typeOf(mode: number): Entry['type'] {
  switch (mode & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    default:
      return 'other';
  }
}

/** Of a small file that stands in its inode (inline_data) debugfs dumps all the room that there is: the size counts. */
export async function readFile(reader: Reader, image: string, path: string): Promise<Buffer> {
  return withFolder(async (folder) => {
    const copy = folder.newPath();
    const lines = [`stat ${word(path)}`, `dump ${word(path)} ${word(copy)}`];
    const { stdout, complaints } = await reader.ask(lines, (printed) => isStat(printed) && existsSync(copy));
    if (complaints.length > 0) throw unreadable(image, path, complaints);
    const size = Number(/^User:.* Size: (\d+)$/m.exec(stdout)?.[1]);
    return readFileSync(copy).subarray(0, size);
  });
}

/** A short target stands in the inode itself, a long one in a block. */
export async function readLink(reader: Reader, image: string, path: string): Promise<string> {
  const { stdout } = await reader.ask([`stat ${word(path)}`], isStat);
  const target = /^Fast link dest: "(.*)"$/m.exec(stdout)?.[1];
  return target ?? (await readFile(reader, image, path)).toString();
}

function unreadable(image: string, path: string, complaints: readonly string[]): Error {
  return failure('MLN_GUEST_EDIT', `${path} in ${image} cannot be read: ${complaints.slice(0, 3).join('; ')}`);
}
