import { posix } from 'node:path';
import type { Filesystem } from './filesystem.js';
import type { Node } from './guest-edits.js';
import { layerOver, nodeOf, sameContent, sameStood, type Layer, type Stood, type StoodFile } from './guest-layer.js';
import { isText, takeOutOf } from './guest-merge.js';
import type { GuestRecord, RecordEntry } from './guest-record.js';

/**
 * Takes out of a guest what mln wrote: gives what is to be laid over its present filesystem. What is as mln wrote it becomes
 * what stood there before; of a text that the guest has changed only mln's part goes; anything else stays as it is. A
 * directory that mln made goes when nothing else is in it.
 */
export async function takeOut({ entries }: GuestRecord, base: Filesystem): Promise<Map<string, Node>> {
  const present = layerOver(base, new Map());
  const lived = await livedIn(entries, present);
  const undone = new Map<string, Node>();
  // What is in a directory comes before it.
  for (const entry of [...entries].sort((one, other) => (one.path < other.path ? 1 : -1))) {
    if (lived.some((home) => isWithin(entry.path, home))) continue;
    const node = await backOf(entry, present);
    if (!node) continue;
    if (node.type !== 'directory') {
      if (!(await isEmptied(entry.path, present, undone))) continue;
      for (const path of [...undone.keys()]) if (path.startsWith(`${entry.path}/`)) undone.delete(path);
    }
    undone.set(entry.path, node);
  }
  return onItsWay(undone, present);
}

/** The directories, made to go as one, in which something is not as mln wrote it: they and what is in them stay. */
async function livedIn(entries: readonly RecordEntry[], present: Layer): Promise<readonly string[]> {
  const lived: string[] = [];
  for (const { path, written } of entries) {
    if (written.type !== 'directory' || !written.asOne) continue;
    const inside = entries.filter((entry) => isWithin(entry.path, path));
    if (!(await isAsWritten(path, inside, present))) lived.push(path);
  }
  return lived;
}

async function isAsWritten(directory: string, entries: readonly RecordEntry[], present: Layer): Promise<boolean> {
  for (const { path, written } of entries) if (!sameStood(await present.stood(path), written)) return false;
  const known = new Set(entries.map(({ path }) => path));
  const isKnown = async (folder: string): Promise<boolean> => {
    for (const name of await present.names(folder)) {
      const path = posix.join(folder, name);
      if (!known.has(path)) return false;
      if ((await present.entry(path))?.type === 'directory' && !(await isKnown(path))) return false;
    }
    return true;
  };
  return isKnown(directory);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** What is to stand at a path when mln’s part is taken out; null where that is what stands there. */
async function backOf({ path, written, original }: RecordEntry, present: Layer): Promise<Node | null> {
  const now = await present.stood(path);
  if (sameStood(now, written)) return nodeOf(original);
  if (now.type === 'directory' && written.type === 'directory') {
    if (original.type === 'absent') return { type: 'removed' };
    return original.type === 'directory' ? { ...now, ...attributesBack(now, written, original) } : null;
  }
  if (now.type !== 'file' || written.type !== 'file') return null;
  return fileBack(now, written, original);
}

function fileBack(now: StoodFile, written: StoodFile, original: Stood): Node | null {
  if (original.type !== 'file' && original.type !== 'absent') return null;
  const attributes = original.type === 'file' ? attributesBack(now, written, original) : now;
  const { mode, owner, group } = attributes;
  if (sameContent(now, written))
    return original.type === 'absent'
      ? { type: 'removed' }
      : original.content && { type: 'file', content: original.content, mode, owner, group };
  const before = original.type === 'absent' ? Buffer.alloc(0) : original.content;
  if (!isText(now.content) || !isText(written.content) || !isText(before)) return null;
  const content = takeOutOf(now.content, written.content, before);
  if (original.type === 'absent' && content.length === 0) return { type: 'removed' };
  return { type: 'file', content, mode, owner, group };
}

interface Attributes {
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/** Each one that the guest has changed itself stays. */
function attributesBack(now: Attributes, written: Attributes, original: Attributes): Attributes {
  const back = (name: keyof Attributes): number => (now[name] === written[name] ? original[name] : now[name]);
  return { mode: back('mode'), owner: back('owner'), group: back('group') };
}

/** Whether nothing will be left in a directory. */
async function isEmptied(path: string, present: Layer, undone: ReadonlyMap<string, Node>): Promise<boolean> {
  if ((await present.entry(path))?.type !== 'directory') return true;
  for (const name of await present.names(path))
    if (undone.get(posix.join(path, name))?.type !== 'removed') return false;
  return ![...undone].some(([each, { type }]) => type !== 'removed' && posix.dirname(each) === path);
}

/** Only what has its directory, or gets it back, can come back. */
async function onItsWay(undone: Map<string, Node>, present: Layer): Promise<Map<string, Node>> {
  const isDirectory = async (path: string): Promise<boolean> => {
    if (path === '/') return true;
    const node = undone.get(path);
    return node ? node.type === 'directory' : (await present.entry(path))?.type === 'directory';
  };
  for (const path of [...undone.keys()].sort()) if (!(await isDirectory(posix.dirname(path)))) undone.delete(path);
  return undone;
}
