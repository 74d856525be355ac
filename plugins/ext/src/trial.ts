import { closeSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  isMlnError,
  systemFailure,
  type Dialogue,
  type Edit,
  type Shell,
  type Stretch,
  type Talk,
  type Trial,
} from '@mln/core';
import { editFailure, linesForAll } from './apply.js';
import { check, requireLength } from './check.js';
import { complaintsIn, last, textOf, word } from './debugfs.js';
import { folderFull, leaveFolder, takeFolder, type PrivateFolder } from './private-folder.js';
import { createReader } from './reader.js';
import { readUndoFile } from './undo-file.js';

/*
 * A trial works on a copy that has only the filesystem's own blocks, e2image(8): some MiB, in memory. debugfs edits it,
 * and its undo file names the blocks that have changed and what they held: so they are read, and put back for the next
 * guest.
 */

/** More copies than this do not make it quicker: what is left is done by mln itself, one after the other. */
const MOST_COPIES = 4;

export async function createTrial(image: string, shell: Shell, talk: Talk): Promise<Trial> {
  const folder = takeFolder();
  const copies: Promise<Copy>[] = [];
  const most = Math.min(MOST_COPIES, availableParallelism());
  let turn = 0;
  return Promise.resolve({
    async changes(edits, always = false) {
      const index = turn++ % most;
      copies[index] ??= createCopy({ image, folder, shell, talk });
      return (await copies[index]).changes(edits, always);
    },
    end() {
      for (const copy of copies)
        copy.then(
          (each) => {
            each.close();
          },
          () => undefined,
        );
      leaveFolder();
    },
  });
}

interface Copy {
  changes(edits: readonly Edit[], check: boolean): Promise<readonly Stretch[]>;
  close(): void;
}

interface Making {
  readonly image: string;
  readonly folder: PrivateFolder;
  readonly shell: Shell;
  readonly talk: Talk;
}

/** Each copy is checked after its first edits: so the image is checked as well, which nobody changes afterwards. */
async function createCopy({ image, folder, shell, talk }: Making): Promise<Copy> {
  const path = folder.newPath();
  const hint = `let e2fsck -f mend a copy of it, and use that: other disks may stand on ${image}`;
  // The copy is as long as the filesystem, whatever the image is.
  requireLength(image);
  await shell('e2image', ['-r', image, path]).catch((error: unknown) => {
    throw isMlnError(error) && error.code === 'MLN_NO_SPACE' ? folderFull(error) : error;
  });
  const dialogue = await talk('debugfs', ['-f', '-'], last.complaint, 'stderr');
  const file = openSync(path, 'r+');
  let checked = false;
  /** What was changed by then is not known, and stays in the copy. */
  let spoilt: unknown = null;

  const one = async (edits: readonly Edit[], always: boolean): Promise<readonly Stretch[]> => {
    if (edits.length === 0) {
      if (always) await check(path, shell, image, hint);
      return [];
    }
    if (spoilt !== null) throw spoilt as Error;
    const undo = folder.newPath();
    const complaints = await edit(dialogue, path, undo, linesForAll(edits, folder));
    const before = whatWas(undo);
    try {
      if (complaints.length > 0) throw await failureOf(edits, complaints);
      if (always || !checked) await check(path, shell, image, hint);
      checked = true;
    } catch (error) {
      takeBack(file, before);
      throw error;
    }
    return takeBack(file, before);
  };
  const whatWas = (undo: string): readonly Stretch[] => {
    try {
      return readUndo(undo);
    } catch (error) {
      spoilt = error;
      throw error;
    }
  };
  const failureOf = async (edits: readonly Edit[], complaints: readonly string[]): Promise<Error> => {
    const reader = createReader(path, shell, talk);
    try {
      return await editFailure(reader, path, edits, complaints, image);
    } finally {
      reader.close();
    }
  };

  let before: Promise<unknown> = Promise.resolve();
  return {
    changes(edits, always) {
      const next = before.then(() => one(edits, always));
      before = next.catch(() => undefined);
      return next;
    },
    close() {
      dialogue.end();
      closeSync(file);
    },
  };
}

/** What the edits have overwritten; the undo file is removed. */
function readUndo(undo: string): readonly Stretch[] {
  let before: readonly Stretch[] | null;
  try {
    before = readUndoFile(readFileSync(undo));
    rmSync(undo);
  } catch (error) {
    throw systemFailure(error, `debugfs has written no undo file ${undo}`);
  }
  // It says nothing when it cannot.
  if (!before) throw folderFull('the undo file is not whole');
  return before;
}

/**
 * Puts back what the edits have overwritten; gives what they had put in its place. The copy has zeros where the image has
 * the data of files: zeros that were written are given in any case.
 */
function takeBack(file: number, before: readonly Stretch[]): readonly Stretch[] {
  return before.flatMap(({ at, bytes }) => {
    const now = Buffer.alloc(bytes.length);
    readSync(file, now, 0, now.length, at);
    writeSync(file, bytes, 0, bytes.length, at);
    return now.equals(bytes) && now.some((byte) => byte !== 0) ? [] : [{ at, bytes: now }];
  });
}

/** Lets debugfs edit an image; gives what it complains of. */
async function edit(
  { ask }: Dialogue,
  path: string,
  undo: string,
  lines: readonly string[],
): Promise<readonly string[]> {
  const all = [`open -w -z ${word(undo)} ${word(path)}`, ...lines, 'close', last.line];
  const said = await ask(textOf(all).trimEnd());
  return complaintsIn(said);
}
