import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Edit, Entry, Filesystem } from '@mln/core';

type Node = Omit<Entry, 'size'> & { readonly content: Buffer };

/** A filesystem in memory: a map of path to entry. */
export interface FakeFilesystem extends Filesystem {
  readonly nodes: ReadonlyMap<string, Node>;
}

/**
 * Makes a filesystem from a text: a head line for each entry, below it a file's content.
 *
 *     --- /etc/hostname
 *     template
 *     --- /etc/shadow 0640 0:42
 *     --- /etc/skel/
 *     --- /etc/resolv.conf -> /run/resolv.conf
 */
export function fakeFilesystem(text: string): FakeFilesystem {
  const nodes = new Map<string, Node>();
  const put = (path: string, node: Node): void => {
    const parent = posix.dirname(path);
    if (parent !== '/' && !nodes.has(parent)) put(parent, directory);
    nodes.set(path, node);
  };
  for (const part of text.split(/^--- /m).slice(1)) {
    const [head = '', ...lines] = part.split('\n');
    const [, path = '', slash, target, mode, owner = '0', group = '0'] =
      /^(\/\S*?)(\/)?(?: -> (\S+))?(?: (0\d+))?(?: (\d+):(\d+))?$/.exec(head) ?? [];
    if (path === '') throw new Error(`not an entry: ${head}`);
    const type = target === undefined ? (slash === undefined ? 'file' : 'directory') : 'symlink';
    const usual = { file: '0644', directory: '0755', symlink: '0777' }[type];
    const content = Buffer.from(target ?? lines.join('\n'));
    put(path, { type, mode: Number.parseInt(mode ?? usual, 8), owner: Number(owner), group: Number(group), content });
  }
  return {
    nodes,
    list: (path) => Promise.resolve(path === '/' || nodes.get(path)?.type === 'directory' ? entriesIn(path) : null),
    read: (path) => Promise.resolve(at(path, 'file').content),
    readLink: (path) => Promise.resolve(at(path, 'symlink').content.toString()),
    apply: (edits) => {
      for (const edit of edits) carryOut(edit);
      return Promise.resolve();
    },
    check: () => Promise.resolve(),
    grow: () => Promise.resolve(),
    minimumSize: () => Promise.resolve(0),
  };

  function at(path: string, type: Entry['type']): Node {
    const node = nodes.get(path);
    if (node?.type !== type) throw new Error(`${path} is no ${type}`);
    return node;
  }

  function entriesIn(folder: string): ReadonlyMap<string, Entry> {
    const inside = [...nodes].filter(([path]) => posix.dirname(path) === folder);
    return new Map(
      inside.map(([path, { content, ...entry }]) => [posix.basename(path), { ...entry, size: content.length }]),
    );
  }

  /** As strict as debugfs: nothing is made twice, nothing without its directory, nothing removed that is not there. */
  function carryOut(edit: Edit): void {
    const { path } = edit;
    const there = nodes.has(path) && entriesIn(path).size === 0;
    if (edit.do === 'remove') {
      if (!there) throw new Error(`${path} cannot be removed`);
      nodes.delete(path);
      return;
    }
    const { mode, owner, group } = edit;
    if (edit.do === 'attributes') {
      nodes.set(path, { ...at(path, edit.type), mode, owner, group });
      return;
    }
    if (nodes.has(path) !== (edit.do === 'file' && edit.replaces)) throw new Error(`${path} is there, or is not`);
    const parent = posix.dirname(path);
    if (parent !== '/') at(parent, 'directory');
    const content = edit.do === 'file' ? bytesOf(edit.content) : Buffer.from(edit.do === 'symlink' ? edit.target : '');
    nodes.set(path, { type: edit.do, mode, owner, group, content });
  }
}

const directory: Node = { type: 'directory', mode: 0o755, owner: 0, group: 0, content: Buffer.alloc(0) };

function bytesOf(content: Extract<Edit, { do: 'file' }>['content']): Buffer {
  return Buffer.isBuffer(content) ? content : readFileSync(content.source);
}

/** The bytes that a list of edits gives to a file; null where it gives none. */
export function written(edits: readonly Edit[], path: string): string | null {
  const edit = edits.find((each) => each.do === 'file' && each.path === path);
  return edit?.do === 'file' ? bytesOf(edit.content).toString() : null;
}

/** A line for each edit, without contents. */
export function outline(edits: readonly Edit[]): string[] {
  return edits.map((edit) => {
    if (edit.do === 'remove') return `remove ${edit.path}`;
    const head = `${edit.do} ${edit.mode.toString(8).padStart(4, '0')} ${edit.owner}:${edit.group} ${edit.path}`;
    return edit.do === 'symlink' ? `${head} -> ${edit.target}` : head;
  });
}
