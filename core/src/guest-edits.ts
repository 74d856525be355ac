import { readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Content, Edit, Entry, Filesystem } from './filesystem.js';

/** What is to stand at a path of a guest. */
export type Node =
  | { type: 'file'; content: Content; mode: number; owner: number; group: number }
  | { type: 'directory'; mode: number; owner: number; group: number; asOne?: boolean }
  | { type: 'symlink'; target: string; owner: number; group: number }
  | { type: 'removed' };

/** Compares what is to be with what is, and gives the difference: removals, deepest first, then the rest by path. */
export async function editsFor(changed: ReadonlyMap<string, Node>, base: Filesystem): Promise<Edit[]> {
  return [...(await removals(changed, base)), ...(await additions(changed, base))];
}

/** What a directory of the filesystem holds. Of one that the edits make, the one above tells whether there is one at all. */
export async function listed(
  base: Filesystem,
  directory: string,
  changed: ReadonlyMap<string, Node>,
): Promise<ReadonlyMap<string, Entry> | null> {
  if (directory !== '/' && changed.has(directory)) {
    const above = await listed(base, posix.dirname(directory), changed);
    if (above?.get(posix.basename(directory))?.type !== 'directory') return null;
  }
  return base.list(directory);
}

/** Everything below what was removed, deepest first; and files that give way to something of another kind. */
async function removals(changed: ReadonlyMap<string, Node>, base: Filesystem): Promise<Edit[]> {
  const found: Edit[] = [];
  for (const [path, node] of changed) {
    const before = (await listed(base, posix.dirname(path), changed))?.get(posix.basename(path));
    const givesWay = before && node.type !== 'removed' && before.type !== node.type;
    const newLink =
      before && node.type === 'symlink' && before.type === 'symlink' && (await base.readLink(path)) !== node.target;
    if (!before || (node.type !== 'removed' && !givesWay && !newLink)) continue;
    await removeTree(base, path, before, found);
  }
  return found.sort((one, other) => (one.path < other.path ? 1 : -1));
}

async function removeTree(base: Filesystem, path: string, entry: Entry, found: Edit[]): Promise<void> {
  if (entry.type === 'directory')
    for (const [name, inner] of (await base.list(path)) ?? [])
      await removeTree(base, posix.join(path, name), inner, found);
  found.push({ do: 'remove', path, type: entry.type });
}

async function additions(changed: ReadonlyMap<string, Node>, base: Filesystem): Promise<Edit[]> {
  const found: Edit[] = [];
  for (const path of [...changed.keys()].sort()) {
    const node = changed.get(path);
    if (!node || node.type === 'removed') continue;
    const before = (await listed(base, posix.dirname(path), changed))?.get(posix.basename(path)) ?? null;
    const edit = await editFor(base, path, node, before);
    if (edit) found.push(edit);
  }
  return found;
}

/** Null where the filesystem has it already. */
async function editFor(
  base: Filesystem,
  path: string,
  node: Exclude<Node, { type: 'removed' }>,
  before: Entry | null,
): Promise<Edit | null> {
  const same = before?.type === node.type;
  if (node.type === 'symlink')
    return same && (await base.readLink(path)) === node.target
      ? null
      : { do: 'symlink', path, target: node.target, mode: 0o777, owner: node.owner, group: node.group };
  const { mode, owner, group } = node;
  const sameAttributes = same && before.mode === mode && before.owner === owner && before.group === group;
  if (node.type === 'directory') {
    if (sameAttributes) return null;
    return same
      ? { do: 'attributes', type: 'directory', path, mode, owner, group }
      : { do: 'directory', path, mode, owner, group };
  }
  const sameContent =
    same && before.size === sizeOf(node.content) && (await base.read(path)).equals(bytesOf(node.content));
  if (!sameContent) return { do: 'file', path, content: node.content, mode, owner, group, replaces: same };
  return sameAttributes ? null : { do: 'attributes', type: 'file', path, mode, owner, group };
}

/** A file's content as bytes. */
export function bytesOf(content: Content): Buffer {
  return Buffer.isBuffer(content) ? content : readFileSync(content.source);
}

/** A file's size in bytes. */
export function sizeOf(content: Content): number {
  return Buffer.isBuffer(content) ? content.length : statSync(content.source).size;
}
