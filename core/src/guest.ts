import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, posix } from 'node:path';
import { failure } from './errors.js';
import type { Content, Edit, Entry, Filesystem } from './filesystem.js';
import { noting } from './guest-begun.js';
import { bytesOf, editsFor, listed, sizeOf, type Node } from './guest-edits.js';
import { regionsOf } from './guest-region.js';
import type { Project } from './project.js';

/** What a new file gets; what is left out is kept from the file that is there, or is root's and 0644. */
export interface FileOptions {
  readonly mode?: number;
  /** Numeric ids. */
  readonly owner?: number;
  readonly group?: number;
  /** Takes the place of a symbolic link instead of writing to where it points. */
  readonly replaceLink?: boolean;
  /**
   * Of a directory that is new: somebody lives there. When it is written no more, it goes as long as all in it is as it was
   * written, and stays as it is otherwise.
   */
  readonly asOne?: boolean;
}

/**
 * A guest's filesystem as it will be: what is read shows the edits made before, and nothing is written to any disk.
 * Symbolic links are resolved inside the guest.
 */
export interface Guest {
  /** The project that the guest belongs to. */
  readonly project: Project;
  /** A file's bytes; null where there is none. */
  read(path: string): Promise<Buffer | null>;
  /** A file's bytes as they are in the guest now, before what mln wrote there was taken out; null where there is no file. */
  present(path: string): Promise<Buffer | null>;
  /** A file's text; empty where there is none. */
  text(path: string): Promise<string>;
  exists(path: string): Promise<boolean>;
  /** What stands at a path, links followed; null where nothing does. */
  entry(path: string): Promise<Entry | null>;
  /** The names in a directory; empty where there is none. */
  list(path: string): Promise<readonly string[]>;
  /** Writes a file, and the directories on its way. Bytes are kept, not copied: guests may share them. */
  write(path: string, content: string | Buffer, options?: FileOptions): Promise<void>;
  append(path: string, text: string, options?: FileOptions): Promise<void>;
  /** Keeps a text between `# mln NAME begin` and `# mln NAME end` in a file that others write too; null takes it out. */
  region(path: string, name: string, text: string | null, options?: FileOptions): Promise<void>;
  directory(path: string, options?: FileOptions): Promise<void>;
  symlink(path: string, target: string): Promise<void>;
  /** Copies a file or the contents of a folder of the physical host; the mode counts for files. */
  copyIn(hostPath: string, guestPath: string, options?: FileOptions): Promise<void>;
  /** Removes a file, link or directory tree; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** A salt for crypt(3) that is the same whenever this project hashes this password. */
  readonly salt: (password: string) => string;
  /** What has to change in the filesystem underneath. */
  edits(): Promise<readonly Edit[]>;
}

const MAX_LINKS = 40;

/** A guest that is configured, and what it comes to. */
export interface OpenGuest {
  readonly guest: Guest;
  /** What is to stand where something else stands, by path without links. */
  readonly finished: () => Promise<Map<string, Node>>;
  /** Files that were written without a look at what stood there. */
  readonly blind: ReadonlySet<string>;
}

export function createGuest(base: Filesystem, project: Project): Guest {
  return openGuest(base, project).guest;
}

/** Given may be what is taken for changed already, by path without links. */
export function openGuest(
  base: Filesystem,
  project: Project,
  undone: ReadonlyMap<string, Node> = new Map<string, Node>(),
): OpenGuest {
  /** What was changed, by path without links. */
  const changed = new Map(undone);
  const seen = new Set<string>();
  const blind = new Set<string>();
  let untouched: Guest | undefined;
  const begun = new Set<Promise<void>>();
  const regionOf = regionsOf(project);

  const listBase = async (directory: string): Promise<ReadonlyMap<string, Entry>> => {
    for (let path = directory; path !== '/'; path = posix.dirname(path))
      if ((changed.get(path)?.type ?? 'directory') !== 'directory') return new Map<string, Entry>();
    return (await listed(base, directory, changed)) ?? new Map<string, Entry>();
  };

  /** What stands at a path that has no links on its way. */
  const at = async (path: string): Promise<Entry | null> => {
    if (path === '/') return { type: 'directory', mode: 0o755, owner: 0, group: 0, size: 0 };
    const node = changed.get(path);
    if (node) return node.type === 'removed' ? null : toEntry(node);
    const parent = posix.dirname(path);
    if (parent !== '/' && (await at(parent))?.type !== 'directory') return null;
    return (await listBase(posix.dirname(path))).get(posix.basename(path)) ?? null;
  };

  const targetOf = async (path: string): Promise<string> => {
    const node = changed.get(path);
    return node?.type === 'symlink' ? node.target : base.readLink(path);
  };

  /** Takes the links out of a path; the last part may be missing, and so may the directories before it. */
  const real = async (path: string, followLast = true): Promise<string> => {
    let rest = parts(path);
    let resolved = '/';
    for (let links = 0; rest.length > 0;) {
      const [name = '', ...after] = rest;
      rest = after;
      if (name === '..') {
        resolved = posix.dirname(resolved);
        continue;
      }
      const next = posix.join(resolved, name);
      const entry = rest.length > 0 || followLast ? await at(next) : null;
      if (entry?.type !== 'symlink') {
        resolved = next;
        continue;
      }
      links += 1;
      if (links > MAX_LINKS)
        throw failure('MLN_GUEST_PATH', `${path} goes through too many symbolic links inside the guest`);
      const target = await targetOf(next);
      if (target.startsWith('/')) resolved = '/';
      rest = [...parts(target, true), ...rest];
    }
    return resolved;
  };

  /** A directory that was removed is made anew, without what was in it. */
  const makeDirectory = async (path: string, node: Node & { type: 'directory' }): Promise<void> => {
    const anew = changed.get(path)?.type === 'removed';
    changed.set(path, node);
    if (anew)
      for (const name of (await listBase(path)).keys()) changed.set(posix.join(path, name), { type: 'removed' });
  };

  const makeParents = async (path: string): Promise<void> => {
    const parent = posix.dirname(path);
    const entry = await at(parent);
    if (entry?.type === 'directory') return;
    if (entry)
      throw failure('MLN_GUEST_PATH', `${parent} is not a directory inside the guest, so ${path} cannot be made`);
    await makeParents(parent);
    await makeDirectory(parent, { type: 'directory', mode: 0o755, owner: 0, group: 0 });
  };

  const place = async (path: string, options: FileOptions): Promise<{ path: string; entry: Entry | null }> => {
    const resolved = await real(path, options.replaceLink !== true);
    await makeParents(resolved);
    return { path: resolved, entry: await at(resolved) };
  };

  const attributes = (
    entry: Entry | null,
    options: FileOptions,
    mode: number,
  ): { mode: number; owner: number; group: number } => ({
    mode: options.mode ?? (entry && entry.type !== 'symlink' ? entry.mode : mode),
    owner: options.owner ?? entry?.owner ?? 0,
    group: options.group ?? entry?.group ?? 0,
  });

  const writeContent = async (path: string, content: Content, options: FileOptions): Promise<void> => {
    const target = await place(path, options);
    if (target.entry?.type === 'directory')
      throw failure('MLN_GUEST_PATH', `${path} is a directory inside the guest, not a file`);
    if (!seen.has(target.path) || !Buffer.isBuffer(content)) blind.add(target.path);
    changed.set(target.path, { type: 'file', content, ...attributes(target.entry, options, 0o644) });
  };

  const guest: Guest = {
    project,
    async read(path) {
      const resolved = await real(path);
      if (!blind.has(resolved)) seen.add(resolved);
      const node = changed.get(resolved);
      if (node) return node.type === 'file' ? bytesOf(node.content) : null;
      return (await at(resolved))?.type === 'file' ? base.read(resolved) : null;
    },
    present(path) {
      untouched ??= createGuest(base, project);
      return untouched.read(path);
    },
    async text(path) {
      return (await guest.read(path))?.toString() ?? '';
    },
    async exists(path) {
      return (await guest.entry(path)) !== null;
    },
    async entry(path) {
      return at(await real(path));
    },
    async list(path) {
      const directory = await real(path);
      const names = new Set((await listBase(directory)).keys());
      for (const [each, node] of changed)
        if (posix.dirname(each) === directory && each !== '/') {
          if (node.type === 'removed') names.delete(posix.basename(each));
          else names.add(posix.basename(each));
        }
      return [...names].sort();
    },
    async write(path, content, options = {}) {
      if (typeof content !== 'string' && !Buffer.isBuffer(content))
        throw failure('MLN_PLUGIN_FAILED', `${path} is given ${typeof content} for its content, no text and no Buffer`);
      await writeContent(path, typeof content === 'string' ? Buffer.from(content) : content, options);
    },
    async append(path, text, options) {
      const before = await guest.text(path);
      await guest.write(path, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${text}`, options);
    },
    async region(path, name, text, options) {
      const before = await guest.text(path);
      if (text === null && !before.includes(`# mln ${name} begin`)) return;
      await guest.write(path, regionOf(before, name, text), options);
    },
    async directory(path, options = {}) {
      const target = await place(path, options);
      if (target.entry && target.entry.type !== 'directory')
        throw failure('MLN_GUEST_PATH', `${path} is not a directory inside the guest`);
      const asOne = !target.entry && options.asOne ? { asOne: true } : {};
      await makeDirectory(target.path, { type: 'directory', ...attributes(target.entry, options, 0o755), ...asOne });
    },
    async symlink(path, target) {
      parts(target, true);
      const found = await place(path, { replaceLink: true });
      if (found.entry?.type === 'directory')
        throw failure('MLN_GUEST_PATH', `${path} is a directory inside the guest, not a link`);
      if (!seen.has(found.path)) blind.add(found.path);
      changed.set(found.path, { type: 'symlink', target, owner: 0, group: 0 });
    },
    async copyIn(hostPath, guestPath, options = {}) {
      const found = statSync(hostPath);
      if (found.isFile()) {
        const inside = guestPath.endsWith('/') || (await guest.entry(guestPath))?.type === 'directory';
        const target = inside ? posix.join(guestPath, hostPath.slice(hostPath.lastIndexOf('/') + 1)) : guestPath;
        await writeContent(target, { source: hostPath }, { mode: found.mode & 0o777, owner: 0, group: 0, ...options });
        return;
      }
      if (!found.isDirectory()) throw failure('MLN_GUEST_PATH', `${hostPath} is neither a file nor a folder`);
      if ((await guest.entry(guestPath))?.type !== 'directory')
        await guest.directory(guestPath, { mode: found.mode & 0o777 });
      for (const name of readdirSync(hostPath).sort()) {
        const from = join(hostPath, name);
        const kind = lstatSync(from);
        if (kind.isSymbolicLink()) await guest.symlink(posix.join(guestPath, name), readlinkSync(from));
        else if (kind.isDirectory()) await guest.copyIn(from, posix.join(guestPath, name), options);
        else if (kind.isFile())
          await writeContent(
            posix.join(guestPath, name),
            { source: from },
            { mode: kind.mode & 0o777, owner: 0, group: 0, ...options },
          );
      }
    },
    async remove(path) {
      const resolved = await real(path, false);
      if (resolved === '/') throw failure('MLN_GUEST_PATH', 'the root of a guest cannot be removed');
      if ((await at(resolved)) === null) return;
      for (const each of [...changed.keys()]) if (each.startsWith(`${resolved}/`)) changed.delete(each);
      changed.set(resolved, { type: 'removed' });
    },
    salt: (password) =>
      createHash('sha256')
        .update(`${project.secret ?? ''}\0${password}`)
        .digest('base64')
        .replace(/[^A-Za-z0-9]/g, '')
        .slice(0, 16),
    async edits() {
      return editsFor(await finished(), base);
    },
  };
  const finished = async (): Promise<Map<string, Node>> => {
    while (begun.size > 0) await Promise.all(begun);
    return changed;
  };
  return { guest: noting(guest, begun), finished, blind };
}

/** The parts of an absolute path. A path that a debugfs command line, or a guest, could misread is refused. */
function parts(path: string, isTarget = false): string[] {
  if (!isTarget && !path.startsWith('/'))
    throw failure('MLN_GUEST_PATH', `${JSON.stringify(path)} is not an absolute path inside the guest`);
  if (/[\0-\x1f\x7f]/.test(path) || path.length > 2048)
    throw failure('MLN_GUEST_PATH', `${JSON.stringify(path)} cannot be a path inside the guest`);
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function toEntry(node: Exclude<Node, { type: 'removed' }>): Entry {
  const { owner, group } = node;
  if (node.type === 'symlink') return { type: 'symlink', mode: 0o777, owner, group, size: node.target.length };
  return { type: node.type, mode: node.mode, owner, group, size: node.type === 'file' ? sizeOf(node.content) : 0 };
}
