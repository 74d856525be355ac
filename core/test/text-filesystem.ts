import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Edit, Entry, Filesystem } from '../src/filesystem.js';
import { memoryFilesystem, type MemoryFilesystem } from '../src/testing/memory-filesystem.js';

/*
 * Filesystems for tests that want many of them: an image is a text that says, as edits of an empty filesystem, what it
 * holds, and how large the filesystem in it is; zeros fill it up. Nobody can try edits out on it.
 */

/** One line for each thing in the filesystem, and its size. */
interface Image {
  readonly bytes: number;
  readonly edits: readonly (
    (Omit<Edit & { do: 'file' }, 'content'> & { content: string }) | Exclude<Edit, { do: 'file' }>
  )[];
}

/** Makes an image of so many bytes that holds these files (as memoryFilesystem takes them). */
export async function makeTextImage(
  path: string,
  files: Readonly<Record<string, string>>,
  bytes: number,
): Promise<void> {
  writeFileSync(path, '');
  await write(path, memoryFilesystem(files), bytes);
  truncateSync(path, bytes);
}

/** Opens an image; undefined where it is none. */
export function openTextImage(path: string): (Filesystem & MemoryFilesystem & { readonly bytes: number }) | undefined {
  const text = readFileSync(path, 'utf8');
  if (!text.startsWith('{')) return undefined;
  const image = JSON.parse(text.replace(/\0+$/, '')) as Image;
  let { bytes } = image;
  const memory = memoryFilesystem({});
  memory.edit(
    image.edits.map((edit): Edit =>
      edit.do === 'file' ? { ...edit, content: Buffer.from(edit.content, 'base64') } : edit,
    ),
  );
  const keep = (now: number): Promise<void> => {
    bytes = now;
    return write(path, memory, now);
  };
  let folders: ReturnType<typeof foldersOf> | null = foldersOf(image.edits);
  return {
    ...memory,
    bytes,
    list: (folder) => (folders ? Promise.resolve(folders.get(folder) ?? null) : memory.list(folder)),
    apply(all: readonly Edit[]) {
      folders = null;
      memory.edit(all);
      return keep(bytes);
    },
    grow: () => keep(statSync(path).size),
    shrink: keep,
    check() {
      // A filesystem is not larger than its image.
      const { size } = statSync(path);
      const now = openTextImage(path)?.bytes ?? Infinity;
      return now > size
        ? Promise.reject(new Error(`${path}: ${now} bytes of filesystem in ${size}`))
        : Promise.resolve();
    },
  };
}

/** What each folder of an image holds: many more ask than edit. */
function foldersOf(edits: Image['edits']): ReadonlyMap<string, ReadonlyMap<string, Entry>> {
  const folders = new Map<string, Map<string, Entry>>([['/', new Map()]]);
  for (const edit of edits) {
    if (edit.do === 'remove' || edit.do === 'attributes') continue;
    const { path, mode, owner, group } = edit;
    if (edit.do === 'directory') folders.set(path, new Map());
    const size = edit.do === 'file' ? Buffer.byteLength(edit.content, 'base64') : edit.do === 'symlink' ? 1 : 0;
    folders.get(posix.dirname(path))?.set(posix.basename(path), { type: edit.do, mode, owner, group, size });
  }
  return folders;
}

async function write(path: string, memory: MemoryFilesystem, bytes: number): Promise<void> {
  const image: Image = { bytes, edits: await editsOf(memory, '/') };
  const { size } = statSync(path);
  const text = JSON.stringify(image);
  if (size > 0 && text.length > size) throw new Error(`${path} is full`);
  writeFileSync(path, text);
  if (size > 0) truncateSync(path, size);
}

async function editsOf(memory: MemoryFilesystem, folder: string): Promise<Image['edits'][number][]> {
  const edits: Image['edits'][number][] = [];
  for (const [name, { type, mode, owner, group }] of (await memory.list(folder)) ?? []) {
    const path = posix.join(folder, name);
    const common = { path, mode, owner, group };
    if (type === 'symlink') edits.push({ do: 'symlink', target: await memory.readLink(path), ...common });
    else if (type === 'directory') edits.push({ do: 'directory', ...common }, ...(await editsOf(memory, path)));
    else edits.push({ do: 'file', content: (await memory.read(path)).toString('base64'), replaces: false, ...common });
  }
  return edits;
}
