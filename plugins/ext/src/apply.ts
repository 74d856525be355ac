import { readFile as readHostFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { failure, type Edit, type Entry, type Shell } from '@mln/core';
import { debugfsWrite, linesFor } from './debugfs.js';
import { folderFull, withFolder, type PrivateFolder } from './private-folder.js';
import { readDirectory, readFile } from './read.js';
import type { Reader } from './reader.js';

/** Carries out edits in one run of debugfs. */
export async function apply(shell: Shell, image: string, edits: readonly Edit[], reader: Reader): Promise<void> {
  await withFolder(async (folder) => {
    const complaints = await debugfsWrite(shell, image, linesForAll(edits, folder), folder);
    if (complaints.length > 0) throw await editFailure(reader, image, edits, complaints);
  });
}

/** The lines that carry out edits, with the contents of files ready in a folder. */
export function linesForAll(edits: readonly Edit[], folder: PrivateFolder): readonly string[] {
  return edits.flatMap((edit) =>
    linesFor(edit, ({ content }) => (Buffer.isBuffer(content) ? folder.fileWith(content) : content.source)),
  );
}

/** debugfs does not say which line it complains of: the image is asked what is missing. Told is the image's name. */
export async function editFailure(
  reader: Reader,
  image: string,
  edits: readonly Edit[],
  complaints: readonly string[],
  told = image,
): Promise<Error> {
  const said = complaints.slice(0, 3).join('; ');
  if (/Could not allocate|No free space|no free/i.test(said))
    return failure('MLN_NO_SPACE', `the filesystem of ${told} is full at ${await firstUndone(reader, image, edits)}`, {
      cause: said,
      hint: 'give the host more room with free_space',
    });
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    // A copy under another name stands in the folder for temporary files.
    if (told !== image) return folderFull(said);
    return failure('MLN_NO_SPACE', `the disk that holds ${image} is full`, {
      cause: said,
      hint: 'free some space and try again',
    });
  }
  if (/(Permission denied|Read-only file system) while trying to open/.test(said))
    return failure('MLN_NOT_ALLOWED', `the image ${told} may not be written`, {
      cause: said,
      hint: 'make it your own, or use a copy of it as a template',
    });
  return failure(
    'MLN_GUEST_EDIT',
    `${await firstUndone(reader, image, edits)} in ${told} could not be changed: ${said}`,
  );
}

async function firstUndone(reader: Reader, image: string, edits: readonly Edit[]): Promise<string> {
  for (const edit of edits) {
    const entry = (await readDirectory(reader, image, dirname(edit.path)))?.get(basename(edit.path));
    if (
      edit.do === 'remove'
        ? edits.some((other) => other !== edit && other.path === edit.path) || !entry
        : entry && (await isDone(reader, image, edit, entry))
    )
      continue;
    return edit.path;
  }
  return 'one of its files';
}

/** A file that did not fit has its whole size already, and zeros for what is missing. */
async function isDone(
  reader: Reader,
  image: string,
  edit: Exclude<Edit, { do: 'remove' }>,
  entry: Entry,
): Promise<boolean> {
  if (entry.mode !== edit.mode || entry.owner !== edit.owner || entry.group !== edit.group) return false;
  if (edit.do !== 'file') return true;
  const content = Buffer.isBuffer(edit.content)
    ? edit.content
    : await readHostFile(edit.content.source).catch(() => null);
  return content?.equals(await readFile(reader, image, edit.path)) === true;
}
