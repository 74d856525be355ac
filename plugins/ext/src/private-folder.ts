import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemFailure } from '@mln/core';

/** A folder of the calling user alone, through which contents are handed to debugfs. */
export interface PrivateFolder {
  /** The path of a file with this content; guests of one project share most of theirs. */
  fileWith(content: Buffer): string;
  /** A path that nothing stands at yet. */
  newPath(): string;
}

let shared: { readonly path: string; readonly folder: PrivateFolder } | null = null;
let users = 0;

/** Gives the folder for the time of an act. Acts that overlap share it; it goes with the last of them. */
export async function withFolder<T>(act: (folder: PrivateFolder) => Promise<T>): Promise<T> {
  shared ??= whileWriting(makeFolder);
  users += 1;
  try {
    return await act(shared.folder);
  } finally {
    users -= 1;
    if (users === 0) {
      rmSync(shared.path, { recursive: true, force: true });
      shared = null;
    }
  }
}

function makeFolder(): { path: string; folder: PrivateFolder } {
  removeLeftovers();
  const path = mkdtempSync(join(tmpdir(), `mln-ext-${process.pid}-`));
  const written = new Set<string>();
  return {
    path,
    folder: {
      fileWith(content) {
        const file = join(path, createHash('sha256').update(content).digest('hex'));
        // Small files are written at once: that takes least.
        if (!written.has(file))
          whileWriting(() => {
            writeFileSync(file, content, { mode: 0o600 });
          });
        written.add(file);
        return file;
      },
      newPath: () => join(path, randomUUID()),
    },
  };
}

/** Says which folder it is that is full, or may not be written. */
function whileWriting<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw systemFailure(error, `the folder for temporary files, ${tmpdir()}`, 'name another one with TMPDIR');
  }
}

/** A process that was killed leaves its folder, and there may be hashes of passwords in it. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^mln-ext-(\d+)-/.exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (
      pid === undefined ||
      existsSync(`/proc/${pid}`) ||
      statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()
    )
      continue;
    rmSync(path, { recursive: true, force: true });
  }
}
