import { systemFailure, type Guest, type Host, type Problems } from '@mln/core';
import { findSource } from './sources.js';

/** Copies what `files` lists: files, and the contents of folders. They belong to root. */
export async function copyFiles(guest: Guest, host: Host, filesFolder: string, problems: Problems): Promise<void> {
  for (const row of host.lists['files'] ?? []) {
    const [, destination = '', mode] = row.words;
    const path = findSource(row, guest.project, filesFolder, problems);
    if (path === null) continue;
    try {
      await guest.copyIn(path, destination, mode === undefined ? {} : { mode: Number.parseInt(mode, 8) });
    } catch (error) {
      const { message, code } = systemFailure(error, `${path} cannot be copied to ${destination}`);
      problems.error(code, `${host.name}: ${message}`, { place: row.place ?? undefined });
    }
  }
}
