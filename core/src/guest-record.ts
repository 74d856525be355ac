import type { Edit, Filesystem } from './filesystem.js';
import type { Mln } from './kernel.js';
import type { Host, Project } from './project.js';

/** What mln has written into a guest, path by path, and what stood there before; kept beside the guest's disk. */
export interface GuestRecord {
  readonly entries: readonly unknown[];
}

/** The file that holds a host's record; given is the project's folder, or that in which it is made. */
export function recordPath(directory: string, host: string): string {
  return `${directory}/${host}/guest`;
}

/** Null where there is none: the host was built by an mln that kept none. */
export function readRecord(_directory: string, _host: string): Promise<GuestRecord | null> {
  throw new Error('placeholder');
}

export function writeRecord(_directory: string, _host: string, _record: GuestRecord): Promise<void> {
  throw new Error('placeholder');
}

/** What changes in a guest's filesystem, and the record of it. */
export interface PlannedGuest {
  readonly edits: readonly Edit[];
  readonly record: GuestRecord;
}

/**
 * Plans the edits of a guest. Of one that was built before, base is its present disk and record what mln wrote there: that
 * is taken out first, so that what only the old project said goes, what stood there before comes back, and what the guest
 * itself has changed stays. Of a new one base is its template, record and previous are null.
 */
export function planGuest(
  _mln: Mln,
  _project: Project,
  _host: Host,
  _base: Filesystem,
  _previous: { readonly host: Host; readonly record: GuestRecord } | null,
): Promise<PlannedGuest> {
  throw new Error('placeholder');
}
