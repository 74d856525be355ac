import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { failure, type Edit, type Entry, type Filesystem, type Shell } from '@mln/core';
import { debugfs, linesFor, word } from './debugfs.js';

type Listing = ReadonlyMap<string, Entry> | null;

/** The filesystem of an ext2, ext3 or ext4 image or device, by e2fsprogs: as the calling user, without mounting. */
export function extFilesystem(image: string, shell: Shell): Filesystem {
  const listings = new Map<string, Promise<Listing>>();
  const files = new Map<string, Promise<Buffer>>();

  const list = (path: string): Promise<Listing> => remember(listings, path, () => readDirectory(shell, image, path));
  return {
    list,
    read: (path) => remember(files, path, () => dump(shell, image, path)),
    async readLink(path) {
      // A short target stands in the inode itself, a long one in a block.
      const { stdout } = await debugfs(shell, image, [`stat ${word(path)}`]);
      const target = /^Fast link dest: "(.*)"$/m.exec(stdout)?.[1];
      return target ?? (await dump(shell, image, path)).toString();
    },
    async apply(edits) {
      if (edits.length === 0) return;
      listings.clear();
      files.clear();
      await apply(shell, image, edits);
    },
    async check() {
      const { exitCode, stdout, stderr } = await shell('e2fsck', ['-fn', image], {
        accept: [0, 1, 2, 4, 8, 12, 16, 32],
      });
      // With -n an image that is cut off is only remarked on.
      if (exitCode !== 0 || /^The physical size of the device is/m.test(stdout))
        throw failure('MLN_GUEST_EDIT', `the filesystem of ${image} is not whole: ${lastLines(stdout + stderr)}`, {
          hint: `e2fsck -f ${image} may mend it`,
        });
    },
    async grow() {
      await shell('e2fsck', ['-fp', image], { accept: [0, 1] });
      await shell('resize2fs', [image]);
      listings.clear();
    },
    async minimumSize() {
      const { stdout } = await shell('resize2fs', ['-P', image]);
      const { stdout: header } = await shell('dumpe2fs', ['-h', image]);
      const blocks = Number(/minimum size of the filesystem: (\d+)/.exec(stdout)?.[1]);
      const blockSize = Number(/^Block size:\s+(\d+)$/m.exec(header)?.[1]);
      return blocks * blockSize;
    },
  };
}

/**
 * debugfs prints `/inode/mode/user/group/name/size/`, a line for each name. What was removed may still stand there, as
 * inode 0; and ids from 2³¹ on are printed as negative ones.
 */
async function readDirectory(shell: Shell, image: string, path: string): Promise<Listing> {
  const { stdout, complaints } = await debugfs(shell, image, [`ls -p ${word(path)}`]);
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
async function dump(shell: Shell, image: string, path: string): Promise<Buffer> {
  return withFolder(async (folder) => {
    const copy = join(folder, 'copy');
    const lines = [`stat ${word(path)}`, `dump ${word(path)} ${word(copy)}`];
    const { stdout, complaints } = await debugfs(shell, image, lines);
    if (complaints.length > 0) throw unreadable(image, path, complaints);
    const size = Number(/^User:.* Size: (\d+)$/m.exec(stdout)?.[1]);
    return (await readFile(copy)).subarray(0, size);
  });
}

async function apply(shell: Shell, image: string, edits: readonly Edit[]): Promise<void> {
  await withFolder(async (folder) => {
    const sources = new Map<Edit, string>();
    for (const edit of edits) {
      if (edit.do !== 'file') continue;
      const source = Buffer.isBuffer(edit.content) ? join(folder, String(sources.size)) : edit.content.source;
      if (Buffer.isBuffer(edit.content)) await writeFile(source, edit.content, { mode: 0o600 });
      sources.set(edit, source);
    }
    const lines = edits.flatMap((edit) => linesFor(edit, (file) => sources.get(file) ?? ''));
    const { complaints } = await debugfs(shell, image, lines, { write: true });
    if (complaints.length > 0) throw await editFailure(shell, image, edits, complaints);
  });
}

/** debugfs does not say which line it complains of: the image is asked what is missing. */
async function editFailure(
  shell: Shell,
  image: string,
  edits: readonly Edit[],
  complaints: readonly string[],
): Promise<Error> {
  const said = complaints.slice(0, 3).join('; ');
  if (/Could not allocate|No free space|no free/i.test(said))
    return failure('MLN_NO_SPACE', `the filesystem of ${image} is full at ${await firstUndone(shell, image, edits)}`, {
      cause: said,
      hint: 'give the host more room with free_space',
    });
  return failure(
    'MLN_GUEST_EDIT',
    `${await firstUndone(shell, image, edits)} in ${image} could not be changed: ${said}`,
  );
}

async function firstUndone(shell: Shell, image: string, edits: readonly Edit[]): Promise<string> {
  for (const edit of edits) {
    const entry = (await readDirectory(shell, image, dirname(edit.path)))?.get(basename(edit.path));
    if (
      edit.do === 'remove'
        ? edits.some((other) => other !== edit && other.path === edit.path) || !entry
        : entry && (await isDone(shell, image, edit, entry))
    )
      continue;
    return edit.path;
  }
  return 'one of its files';
}

/** A file that did not fit has its whole size already, and zeros for what is missing. */
async function isDone(
  shell: Shell,
  image: string,
  edit: Exclude<Edit, { do: 'remove' }>,
  entry: Entry,
): Promise<boolean> {
  if (entry.mode !== edit.mode || entry.owner !== edit.owner || entry.group !== edit.group) return false;
  if (edit.do !== 'file') return true;
  const content = Buffer.isBuffer(edit.content) ? edit.content : await readFile(edit.content.source).catch(() => null);
  return content?.equals(await dump(shell, image, edit.path)) === true;
}

function unreadable(image: string, path: string, complaints: readonly string[]): Error {
  return failure('MLN_GUEST_EDIT', `${path} in ${image} cannot be read: ${complaints.slice(0, 3).join('; ')}`);
}

/** Gives a private folder for the time of an act. */
async function withFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mln-ext-'));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function remember<T>(known: Map<string, Promise<T>>, path: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(path) ?? read();
  known.set(path, found);
  return found;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ');
}
