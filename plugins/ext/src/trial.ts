import { closeSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { systemFailure, type Dialogue, type Edit, type Shell, type Stretch, type Talk, type Trial } from '@mln/core';
import { editFailure, linesForAll } from './apply.js';
import { check } from './check.js';
import { complaintsIn, textOf, word } from './debugfs.js';
import { leaveFolder, takeFolder, type PrivateFolder } from './private-folder.js';
import { createReader } from './reader.js';
import { readUndoFile } from './undo-file.js';

/*
 * A trial works on a copy that has only the filesystem's own blocks, e2image(8): some MiB, in memory. debugfs edits it,
 * and its undo file names the blocks that have changed and what they held: so they are read, and put back for the next
 * guest.
 */

/** More copies than this do not make it quicker: what is left is done by mln itself, one after the other. */
const MOST_COPIES = 4;

/** What debugfs is asked last, and its complaint: all others have come before. */
const LAST = '/mln-asks-for-an-answer';
const COMPLAINT = `debugfs: No such file or directory while trying to open ${LAST}\n`;

export async function createTrial(image: string, shell: Shell, talk: Talk): Promise<Trial> {
  const folder = takeFolder();
  const copies: Promise<Copy>[] = [];
  const most = Math.min(MOST_COPIES, availableParallelism());
  let turn = 0;
  return Promise.resolve({
    async changes(edits) {
      if (edits.length === 0) return [];
      const index = turn++ % most;
      copies[index] ??= createCopy({ image, folder, shell, talk });
      return (await copies[index]).changes(edits);
    },
    end() {
      for (const copy of copies)
        copy.then(
          ({ close }) => {
            close();
          },
          () => undefined,
        );
      leaveFolder();
    },
  });
}

interface Copy {
  changes(edits: readonly Edit[]): Promise<readonly Stretch[]>;
  close(): void;
}

interface Making {
  readonly image: string;
  readonly folder: PrivateFolder;
  readonly shell: Shell;
  readonly talk: Talk;
}

/** Each copy is checked before it is used, and once after its first edits. */
async function createCopy({ image, folder, shell, talk }: Making): Promise<Copy> {
  const path = folder.newPath();
  const hint = `let e2fsck -f mend a copy of it, and use that: other disks may stand on ${image}`;
  await shell('e2image', ['-r', image, path]);
  await check(path, shell, image, hint);
  const dialogue = await talk('debugfs', [], COMPLAINT, 'stderr');
  const file = openSync(path, 'r+');
  let checked = false;

  const one = async (edits: readonly Edit[]): Promise<readonly Stretch[]> => {
    const undo = folder.newPath();
    const complaints = await edit(dialogue, path, undo, linesForAll(edits, folder));
    const failed = complaints.length > 0 ? await failureOf(edits, complaints) : null;
    if (!failed && !checked) await check(path, shell, image, hint);
    checked = true;
    const changes = takeBack(file, undo);
    if (failed) throw failed;
    return changes;
  };
  const failureOf = async (edits: readonly Edit[], complaints: readonly string[]): Promise<Error> => {
    const reader = createReader(path, shell, talk);
    try {
      return await editFailure(reader, path, edits, complaints, image);
    } finally {
      reader.close();
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  return {
    changes(edits) {
      const next = last.then(() => one(edits));
      last = next.catch(() => undefined);
      return next;
    },
    close() {
      dialogue.end();
      closeSync(file);
    },
  };
}

/** Puts back what the edits have overwritten; gives what they had put in its place. */
function takeBack(file: number, undo: string): readonly Stretch[] {
  let before: readonly Stretch[];
  try {
    before = readUndoFile(readFileSync(undo));
    rmSync(undo);
  } catch (error) {
    throw systemFailure(error, `debugfs has written no undo file ${undo}`);
  }
  return before.flatMap(({ at, bytes }) => {
    const now = Buffer.allocUnsafe(bytes.length);
    readSync(file, now, 0, now.length, at);
    writeSync(file, bytes, 0, bytes.length, at);
    return now.equals(bytes) ? [] : [{ at, bytes: now }];
  });
}

/** Lets debugfs edit an image; gives what it complains of. */
async function edit(
  { ask }: Dialogue,
  path: string,
  undo: string,
  lines: readonly string[],
): Promise<readonly string[]> {
  const all = [`open -w -z ${word(undo)} ${word(path)}`, ...lines, 'close', `open ${LAST}`];
  const said = await ask(textOf(all).trimEnd());
  return complaintsIn(said);
}
