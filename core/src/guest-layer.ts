import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { posix } from 'node:path';
import type { Content, Entry, Filesystem } from './filesystem.js';
import { bytesOf, sizeOf, type Node } from './guest-edits.js';

interface Attributes {
  /** Permission bits. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/** A file as it is remembered. Its content is left out where it is large and can be had elsewhere, or never again. */
export type StoodFile = Attributes & {
  readonly type: 'file';
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly content: Buffer | null;
};

/** What stood at a path of a guest. `other` is a device, a fifo or a socket, which is not made again. */
export type Stood =
  | { readonly type: 'absent' }
  | { readonly type: 'other' }
  | (Attributes & { readonly type: 'directory'; readonly asOne: boolean })
  | { readonly type: 'symlink'; readonly target: string; readonly owner: number; readonly group: number }
  | StoodFile;

/** A guest's filesystem with some nodes laid over it. Paths have no symbolic links on their way. */
export interface Layer {
  /** What stands at a path; files and links without what they hold. */
  entry(path: string): Promise<Entry | null>;
  /** What stands at a path, whole. Contents above `most` bytes are left out. */
  stood(path: string, most?: number): Promise<Stood>;
  /** The names in a directory. */
  names(directory: string): Promise<readonly string[]>;
}

const root: Entry = { type: 'directory', mode: 0o755, owner: 0, group: 0, size: 0 };

/** Nothing is listed twice: what is below, and what is laid over it, stays as it is. */
export function layerOver(base: Filesystem, nodes: ReadonlyMap<string, Node>): Layer {
  const known = new Map<string, Promise<ReadonlyMap<string, Entry>>>();
  const listing = (directory: string): Promise<ReadonlyMap<string, Entry>> => {
    const found = known.get(directory) ?? list(directory);
    known.set(directory, found);
    return found;
  };
  const list = async (directory: string): Promise<ReadonlyMap<string, Entry>> => {
    const isKept = (nodes.get(directory)?.type ?? 'directory') === 'directory';
    const isThere =
      directory === '/' ||
      (isKept && (await listing(posix.dirname(directory))).get(posix.basename(directory))?.type === 'directory');
    return (isThere ? await base.list(directory) : null) ?? nothing;
  };
  const below = async (path: string): Promise<Entry | null> => {
    if (path === '/') return root;
    return (await listing(posix.dirname(path))).get(posix.basename(path)) ?? null;
  };
  const layer: Layer = {
    async entry(path) {
      const node = nodes.get(path);
      if (!node) return below(path);
      if (node.type === 'removed') return null;
      const { owner, group } = node;
      if (node.type === 'symlink') return { type: 'symlink', mode: 0o777, owner, group, size: node.target.length };
      return { type: node.type, mode: node.mode, owner, group, size: node.type === 'file' ? sizeOf(node.content) : 0 };
    },
    async stood(path, most = Infinity) {
      const node = nodes.get(path);
      if (node) return stoodOf(node, most);
      const entry = await below(path);
      if (!entry) return { type: 'absent' };
      const { type, mode, owner, group } = entry;
      if (type === 'file') return fileOf(await base.read(path), { mode, owner, group }, most);
      if (type === 'symlink') return { type, target: await base.readLink(path), owner, group };
      return type === 'directory' ? { type, mode, owner, group, asOne: false } : { type };
    },
    async names(directory) {
      const names = new Set((await listing(directory)).keys());
      for (const [path, { type }] of nodes)
        if (path !== '/' && posix.dirname(path) === directory) {
          if (type === 'removed') names.delete(posix.basename(path));
          else names.add(posix.basename(path));
        }
      return [...names].sort();
    },
  };
  return layer;
}

const nothing: ReadonlyMap<string, Entry> = new Map();

/** A node as it is remembered. */
export function stoodOf(node: Node, most = Infinity): Stood {
  switch (node.type) {
    case 'removed':
      return { type: 'absent' };
    case 'symlink':
      return { type: 'symlink', target: node.target, owner: node.owner, group: node.group };
    case 'directory': {
      const { type, mode, owner, group, asOne = false } = node;
      return { type, mode, owner, group, asOne };
    }
    case 'file':
      return fileOf(node.content, node, most);
  }
}

/** What is remembered as a node; null where that cannot be made again. */
export function nodeOf(stood: Stood): Node | null {
  switch (stood.type) {
    case 'absent':
      return { type: 'removed' };
    case 'other':
      return null;
    case 'file': {
      const { type, mode, owner, group, content } = stood;
      return content && { type, mode, owner, group, content };
    }
    case 'directory':
    case 'symlink':
      return stood;
  }
}

/** Whether both are the same, or would be told apart by nobody inside the guest. */
export function sameStood(one: Stood, other: Stood): boolean {
  if (one.type === 'symlink' && other.type === 'symlink') return one.target === other.target;
  if (one.type === 'file' && other.type === 'file') return sameAttributes(one, other) && sameContent(one, other);
  if (one.type === 'directory' && other.type === 'directory') return sameAttributes(one, other);
  return one.type === other.type;
}

function sameAttributes(one: Attributes, other: Attributes): boolean {
  return one.mode === other.mode && one.owner === other.owner && one.group === other.group;
}

export function sameContent(one: StoodFile, other: StoodFile): boolean {
  return one.size === other.size && one.sha256 === other.sha256;
}

function fileOf(from: Content, { mode, owner, group }: Attributes, most: number): StoodFile {
  const known = measured(from);
  const content = known.size <= most ? known.bytes() : null;
  return { type: 'file', mode, owner, group, size: known.size, sha256: known.sha256, content };
}

interface Measured {
  readonly size: number;
  readonly sha256: string;
  bytes(): Buffer;
}

/** Many guests share what they hold: each content is measured once. */
const buffers = new WeakMap<Buffer, Measured>();
const sources = new Map<string, Measured & { readonly identity: string }>();

function measured(content: Content): Measured {
  if (Buffer.isBuffer(content)) {
    const known = buffers.get(content) ?? { size: content.length, sha256: sha256(content), bytes: () => content };
    buffers.set(content, known);
    return known;
  }
  const { source } = content;
  const { ino, size, mtimeMs, ctimeMs } = statSync(source);
  const identity = [ino, size, mtimeMs, ctimeMs].join(' ');
  const known = sources.get(source);
  if (known?.identity === identity) return known;
  const bytes = bytesOf(content);
  const fresh = { size: bytes.length, sha256: sha256(bytes), identity, bytes: () => bytesOf(content) };
  sources.set(source, fresh);
  return fresh;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
