import { statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { failure, systemFailure, type Guest, type Host, type Row } from '@mln/core';

/** Copies what `files` lists: files, and the contents of folders. They belong to root. */
export async function copyFiles(guest: Guest, host: Host, filesFolder: string): Promise<void> {
  for (const row of host.lists['files'] ?? []) {
    const [source, destination, mode] = row.words;
    if (source === undefined || destination?.startsWith('/') !== true)
      throw bad(row, 'files takes a source, a destination that begins with /, and perhaps a mode');
    if (mode !== undefined && !/^0?[0-7]{3,4}$/.test(mode)) throw bad(row, `${mode} is no mode, such as 0644`);
    const path = findSource(source, row, filesFolder, guest.project.source);
    try {
      await guest.copyIn(path, destination, mode === undefined ? {} : { mode: Number.parseInt(mode, 8) });
    } catch (error) {
      const { message, code } = systemFailure(error, `${path} cannot be copied to ${destination}`);
      throw failure(code, `${host.name}: ${message}`, { place: row.place ?? undefined, cause: error });
    }
  }
}

/** A relative source lies beside the project file that names it, or in the files folder. */
function findSource(source: string, row: Row, filesFolder: string, projectFolder: string): string {
  const beside = row.place ? dirname(row.place.file) : projectFolder;
  const candidates = isAbsolute(source) ? [source] : [resolve(beside, source), resolve(filesFolder, source)];
  const found = candidates.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  if (found !== undefined) return found;
  throw failure('MLN_NO_FILE', `there is no ${source} to copy`, {
    place: row.place ?? undefined,
    hint: `looked for ${candidates.join(' and ')}`,
  });
}

function bad(row: Row, message: string): Error {
  return failure('MLN_BAD_VALUE', message, { place: row.place ?? undefined });
}
