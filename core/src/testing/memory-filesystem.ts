import { posix } from 'node:path';
import type { Edit, Entry, Filesystem } from '../filesystem.js';
import { bytesOf } from '../guest-edits.js';

interface Inode extends Entry {
  readonly content: Buffer;
  readonly target: string;
}

/** A filesystem in a map. It carries edits out as strictly as debugfs: what is there already is not made again. */
export interface MemoryFilesystem extends Filesystem {
  /** What stands at a path, symbolic links followed; null where nothing does. */
  entry(path: string): Entry | null;
  /** A file's text, symbolic links followed; null where there is no file. */
  text(path: string): string | null;
  /** All files by path, with their texts. */
  texts(): ReadonlyMap<string, string>;
  /** Carries out edits, all in one go, as apply does. */
  edit(edits: readonly Edit[]): void;
  /** One line for each file: path, mode and owners where they are not the usual ones, content. */
  outline(): string[];
}

const MAX_LINKS = 40;

/** Made of paths with contents; a path that ends with / is a directory, a content that begins with → a link. */
export function memoryFilesystem(files: Readonly<Record<string, string>>): MemoryFilesystem {
  const inodes = inodesOf(files);

  const at = (path: string, type?: Entry['type']): Inode => {
    const found = inodes.get(path);
    if (!found || (type !== undefined && found.type !== type)) throw new Error(`${path} is no ${type ?? 'inode'}`);
    return found;
  };
  const add = (path: string, inode: Inode): void => {
    if (inodes.has(path)) throw new Error(`${path} is there already`);
    if (posix.dirname(path) !== '/') at(posix.dirname(path), 'directory');
    inodes.set(path, inode);
  };
  const namesIn = (path: string): string[] => [...inodes.keys()].filter((each) => posix.dirname(each) === path);

  const carryOut = (edit: Edit): void => {
    const { path } = edit;
    if (edit.do === 'remove') {
      at(path, edit.type);
      if (namesIn(path).length > 0) throw new Error(`${path} is not empty`);
      inodes.delete(path);
      return;
    }
    const { mode, owner, group } = edit;
    const common = { ...attributes, mode, owner, group };
    switch (edit.do) {
      case 'attributes':
        inodes.set(path, { ...at(path, edit.type), mode, owner, group });
        return;
      case 'directory':
        add(path, { ...common, type: 'directory' });
        return;
      case 'symlink':
        add(path, { ...common, type: 'symlink', size: 1, target: edit.target });
        return;
      case 'file': {
        const content = bytesOf(edit.content);
        if (edit.replaces) {
          at(path, 'file');
          inodes.delete(path);
        }
        add(path, { ...common, type: 'file', size: content.length, content });
      }
    }
  };

  /** What stands at a path when the links on its way, and it itself, are followed. */
  const follow = (path: string): Inode | null => {
    let rest = path.split('/');
    let resolved = '/';
    for (let links = 0; rest.length > 0;) {
      const [name = '', ...after] = rest;
      rest = after;
      resolved = posix.join(resolved, name);
      const inode = inodes.get(resolved);
      if (inode?.type !== 'symlink') continue;
      if ((links += 1) > MAX_LINKS) return null;
      resolved = inode.target.startsWith('/') ? '/' : posix.dirname(resolved);
      rest = [...inode.target.split('/'), ...rest];
    }
    return inodes.get(resolved) ?? null;
  };

  const filesystem: MemoryFilesystem = {
    list: (path) => {
      if (path !== '/' && inodes.get(path)?.type !== 'directory') return Promise.resolve(null);
      return Promise.resolve(new Map(namesIn(path).map((each) => [posix.basename(each), at(each)])));
    },
    read: (path) => Promise.resolve(at(path, 'file').content),
    readLink: (path) => Promise.resolve(at(path, 'symlink').target),
    apply: (edits) => {
      filesystem.edit(edits);
      return Promise.resolve();
    },
    edit: (edits) => {
      edits.forEach(carryOut);
    },
    check: () => Promise.resolve(),
    grow: () => Promise.resolve(),
    shrink: () => Promise.resolve(),
    replay: () => Promise.resolve(false),
    minimumSize: () => Promise.resolve(0),
    entry: (path) => {
      const found = follow(path);
      return found && entryOf(found);
    },
    text: (path) => {
      const found = follow(path);
      return found?.type === 'file' ? found.content.toString() : null;
    },
    texts: () =>
      new Map(
        inOrder(inodes).flatMap(([path, { type, content }]) => (type === 'file' ? [[path, content.toString()]] : [])),
      ),
    outline: () => inOrder(inodes).map(([path, inode]) => outlineOf(path, inode)),
  };
  return filesystem;
}

const attributes = { owner: 0, group: 0, size: 0, content: Buffer.alloc(0), target: '' };

function inodesOf(files: Readonly<Record<string, string>>): Map<string, Inode> {
  const inodes = new Map<string, Inode>();
  const makeDirectory = (path: string): void => {
    if (path === '/' || inodes.has(path)) return;
    makeDirectory(posix.dirname(path));
    inodes.set(path, { ...attributes, type: 'directory', mode: 0o755 });
  };
  for (const [name, content] of Object.entries(files)) {
    const path = name.replace(/(.)\/$/, '$1');
    makeDirectory(posix.dirname(path));
    if (name.endsWith('/')) makeDirectory(path);
    else if (content.startsWith('→'))
      inodes.set(path, { ...attributes, type: 'symlink', mode: 0o777, size: 1, target: content.slice(1) });
    else {
      const bytes = Buffer.from(content);
      inodes.set(path, { ...attributes, type: 'file', mode: 0o644, size: bytes.length, content: bytes });
    }
  }
  return inodes;
}

function entryOf({ type, mode, owner, group, size }: Inode): Entry {
  return { type, mode, owner, group, size };
}

function inOrder(inodes: ReadonlyMap<string, Inode>): [string, Inode][] {
  return [...inodes].sort(([one], [other]) => (one < other ? -1 : 1));
}

function outlineOf(path: string, { type, mode, owner, group, content, target }: Inode): string {
  const usual = { file: 0o644, directory: 0o755, symlink: 0o777, other: 0 }[type];
  return [
    type === 'directory' ? `${path}/` : path,
    ...(mode === usual ? [] : [mode.toString(8)]),
    ...(owner === 0 && group === 0 ? [] : [`${owner}:${group}`]),
    ...(type === 'file' ? [JSON.stringify(content.toString())] : []),
    ...(type === 'symlink' ? [`→${target}`] : []),
  ].join(' ');
}
