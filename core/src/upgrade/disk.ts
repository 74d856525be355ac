import { rm, stat, truncate } from 'node:fs/promises';
import { filesystemOf } from '../build-disk.js';
import { diskSize } from '../disk-size.js';
import { failure, inContext, systemFailure } from '../errors.js';
import type { Edit, Filesystem, Stretch } from '../filesystem.js';
import type { Mln } from '../kernel.js';
import { changedIn, differences, heldRanges, writeStretches } from '../sparse.js';
import type { Store } from '../store.js';
import { openUndo, writeUndo, type Undo } from './undo-record.js';

export { leastSize, remake, type Remaking } from './remake.js';

/** A disk of a guest that is down, as it is now. */
export interface PresentDisk {
  /** An image or device that holds the disk's present content whole: the disk itself, or a copy where it stands on another image. */
  readonly image: string;
  readonly filesystem: Filesystem;
  /**
   * Edits the disk where it is. What is overwritten is first written to the undo file, and is on the physical disk before
   * the first byte is changed. No edits: nothing is written. The filesystem is whole afterwards, or an error is thrown and
   * nothing was changed. What was read through `filesystem` may be remembered: who reads on opens the disk anew.
   */
  patch(edits: readonly Edit[], undo: string): Promise<void>;
  /** Removes what was made to read it. */
  close(): Promise<void>;
}

/** What a copy is called as long as its journal is not carried out, behind its own name. */
const BEFORE = '.before';

/** Opens a disk; scratch is the path of a file that may be made for as long as it is open. What a crash left in the guest's journal is carried out first. */
export async function openPresent(mln: Mln, store: Store, scratch: string): Promise<PresentDisk> {
  return store.flatten ? openCopy(mln, store, store.flatten.bind(store), scratch) : openItself(mln, store);
}

async function openItself(mln: Mln, store: Store): Promise<PresentDisk> {
  const image = store.path;
  const filesystem = await filesystemOf(mln, image);
  await filesystem.replay?.();
  return {
    image,
    filesystem,
    async patch(edits, undo) {
      if (edits.length === 0) return;
      await requireNoUndo(undo);
      const stretches = await triedOut(filesystem, edits);
      if (!stretches && !(await stat(image)).isFile()) throw noTrial(image);
      await keep(undo, image, stretches);
      await orPutBack(store, undo, async () => {
        if (stretches) await write(store, stretches);
        else await filesystem.apply(edits);
        await filesystem.check();
      });
    },
    close: () => Promise.resolve(),
  };
}

/**
 * A disk that stands on another image is read, and its journal carried out, in a copy. What that has changed is written
 * into the disk with the edits, and so the undo file has both.
 */
async function openCopy(
  mln: Mln,
  store: Store,
  flatten: (to: string) => Promise<void>,
  scratch: string,
): Promise<PresentDisk> {
  const before = `${scratch}${BEFORE}`;
  const close = async (): Promise<void> => {
    for (const path of [scratch, before]) await rm(path, { force: true });
  };
  try {
    await close();
    await flatten(scratch);
    const filesystem = await filesystemOf(mln, scratch);
    const replayed = (await filesystem.replay?.()) === true;
    if (replayed) await flatten(before);
    return {
      image: scratch,
      filesystem,
      async patch(edits, undo) {
        if (edits.length === 0) return;
        await requireNoUndo(undo);
        const stretches = await triedOut(filesystem, edits);
        if (!stretches) throw noTrial(store.path);
        const all = [...(replayed ? differences(before, scratch) : []), ...stretches];
        await keep(undo, replayed ? before : scratch, all);
        await orPutBack(store, undo, async () => {
          await write(store, all);
          writeStretches(scratch, stretches);
          await filesystem.check();
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Puts back what a patch has overwritten, and removes the undo file; may be done again. Does nothing where there is none, or where it is not whole: then nothing was overwritten. */
export async function unpatch(store: Store, undo: string): Promise<void> {
  try {
    const kept = await openUndo(undo);
    try {
      if (kept) await putBack(store, kept);
    } finally {
      await kept?.close();
    }
    await rm(undo, { force: true });
  } catch (error) {
    throw inContext(systemFailure(error, store.path), `what was overwritten cannot be put back from ${undo}`);
  }
}

async function putBack(store: Store, undo: Undo): Promise<void> {
  if (undo.whole) {
    await truncate(store.path, 0);
    await truncate(store.path, undo.size);
  }
  // What a full disk has kept from being written is not written now: it would take room that is not there.
  for await (const piece of undo.pieces()) await write(store, store.flatten ? [piece] : changedIn(store.path, piece));
}

/** Writes into a disk, and brings it onto the physical disk. */
async function write(store: Store, stretches: readonly Stretch[]): Promise<void> {
  if (store.patch) await store.patch(stretches);
  else writeStretches(store.path, stretches, true);
}

/** What edits would change; null where nobody can try them out. */
async function triedOut(filesystem: Filesystem, edits: readonly Edit[]): Promise<readonly Stretch[] | null> {
  const trial = await filesystem.trial?.();
  if (!trial) return null;
  try {
    return await trial.changes(edits, true);
  } finally {
    trial.end();
  }
}

/** Writes the undo file: of what is overwritten, or (null) of all that the image holds. */
async function keep(undo: string, image: string, stretches: readonly Stretch[] | null): Promise<void> {
  try {
    const ranges = stretches?.map(({ at, bytes }) => ({ at, length: bytes.length })) ?? heldRanges(image);
    await writeUndo(undo, { path: image, size: await diskSize(image) }, ranges, stretches === null);
  } catch (error) {
    await rm(undo, { force: true }).catch(() => undefined);
    throw systemFailure(error, `${undo}, which keeps what is overwritten in ${image}, cannot be written`);
  }
}

async function orPutBack(store: Store, undo: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    await unpatch(store, undo);
    throw systemFailure(error, `${store.path} cannot be edited`);
  }
}

/** An undo file that is whole is of edits that are in the disk: it must not be lost. */
async function requireNoUndo(undo: string): Promise<void> {
  const kept = await openUndo(undo);
  if (!kept) return;
  await kept.close();
  throw failure('MLN_BAD_STATE', `${undo} keeps what earlier edits have overwritten: they are to be taken back first`);
}

function noTrial(path: string): Error {
  return failure('MLN_UNSUPPORTED', `the disk ${path} cannot be edited where it is: nobody can try edits out on it`, {
    hint: 'build it anew, with --rebuild; what the guest has written is lost then',
  });
}
