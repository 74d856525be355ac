import type { Edit, Filesystem } from '../filesystem.js';
import type { Mln } from '../kernel.js';
import type { Store } from '../store.js';

/** A disk of a guest that is down, as it is now. */
export interface PresentDisk {
  /** An image or device that holds the disk's present content whole: the disk itself, or a copy where it stands on another image. */
  readonly image: string;
  readonly filesystem: Filesystem;
  /**
   * Edits the disk where it is. What is overwritten is first written to the undo file, and is on the physical disk before
   * the first byte is changed. No edits: nothing is written. The filesystem is whole afterwards, or an error is thrown and
   * nothing was changed.
   */
  patch(edits: readonly Edit[], undo: string): Promise<void>;
  /** Removes what was made to read it. */
  close(): Promise<void>;
}

/** Opens a disk; scratch is the path of a file that may be made for as long as it is open. What a crash left in the guest's journal is carried out first. */
export function openPresent(_mln: Mln, _store: Store, _scratch: string): Promise<PresentDisk> {
  throw new Error('placeholder');
}

/** Puts back what a patch has overwritten, and removes the undo file; may be done again. Does nothing where there is none, or where it is not whole: then nothing was overwritten. */
export function unpatch(_store: Store, _undo: string): Promise<void> {
  throw new Error('placeholder');
}

/** What becomes of a disk whose content goes into a new one. */
export interface Remaking {
  /** The image or device that is copied; its filesystem is whole. It is moved (rename), not copied, where `mayMove` is true and both are files of one filesystem. */
  readonly from: string;
  readonly mayMove?: boolean;
  /** The new disk, which is not there yet. */
  readonly to: Store;
  /** Bytes of the new disk. Smaller than the old one: the filesystem is made smaller first, in a copy, at this path. */
  readonly size: number;
  readonly scratch: string;
}

/** Makes a disk of another one's content: larger, smaller, or kept otherwise. The old one is as it was. */
export function remake(_mln: Mln, _remaking: Remaking): Promise<void> {
  throw new Error('placeholder');
}

/** Bytes that a disk can be made as small as. */
export function leastSize(_mln: Mln, _image: string): Promise<number> {
  throw new Error('placeholder');
}
