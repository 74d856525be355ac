import { posix } from 'node:path';
import type { Edit, Filesystem } from './filesystem.js';
import { openGuest } from './guest.js';
import { editsFor, type Node } from './guest-edits.js';
import { layerOver, sameStood, type Layer, type Stood } from './guest-layer.js';
import { settled } from './guest-settle.js';
import { takeOut } from './guest-undo.js';
import type { Mln } from './kernel.js';
import type { Host, Project } from './project.js';

export { readRecord, recordPath, writeRecord } from './guest-record-file.js';

export interface RecordEntry {
  /** Absolute, without symbolic links on its way. */
  readonly path: string;
  readonly written: Stood;
  /** What stood there before. */
  readonly original: Stood;
  /** What mln would have written had the guest not changed the file itself; left out where that is what was written. */
  readonly wanted?: Stood;
}

/** What mln has written into a guest, path by path, and what stood there before; kept beside the guest's disk. */
export interface GuestRecord {
  readonly entries: readonly RecordEntry[];
}

/** What changes in a guest's filesystem, and the record of it. */
export interface PlannedGuest {
  readonly edits: readonly Edit[];
  readonly record: GuestRecord;
}

/** Above so many bytes what mln wrote is not kept for merging: a file that the guest has changed is then the guest's. */
const MOST_KEPT = 256 * 1024;

/**
 * Plans the edits of a guest. Of one that was built before, base is its present disk and record what mln wrote there: that
 * is taken out first, so that what only the old project said goes, what stood there before comes back, and what the guest
 * itself has changed stays. Of a new one base is its template, record and previous are null.
 */
export async function planGuest(
  mln: Mln,
  project: Project,
  host: Host,
  base: Filesystem,
  previous: { readonly host: Host; readonly record: GuestRecord } | null,
): Promise<PlannedGuest> {
  const undone = previous ? await takeOut(previous.record, base) : new Map<string, Node>();
  const { guest, finished, blind } = openGuest(base, project, undone);
  await mln.hooks.configureFilesystem.promise(guest, host, previous?.host ?? null);
  const changed = await finished();
  const start = layerOver(base, undone);
  const wishes = previous
    ? await settled({ changed, blind, record: previous.record, start, present: layerOver(base, new Map()) })
    : new Map<string, Stood>();
  const paths = new Set([...changed.keys(), ...undone.keys()]);
  return {
    edits: await editsFor(changed, base),
    record: await recordOf({ paths, start, after: layerOver(base, changed), wishes }),
  };
}

/** The record that a build of a host from its template would have kept, for one whose mln kept none. */
export async function recordAnew(mln: Mln, project: Project, host: Host, template: Filesystem): Promise<GuestRecord> {
  return (await planGuest(mln, project, host, template, null)).record;
}

interface Difference {
  readonly paths: Set<string>;
  /** Before mln wrote anything. */
  readonly start: Layer;
  readonly after: Layer;
  readonly wishes: ReadonlyMap<string, Stood>;
}

/** What differs at these paths, and below what went there. */
async function recordOf({ paths, start, after, wishes }: Difference): Promise<GuestRecord> {
  for (const path of [...paths])
    if ((await after.entry(path))?.type !== 'directory') await addBelow(path, start, paths);
  const entries: RecordEntry[] = [];
  for (const path of [...paths].sort()) {
    const original = await start.stood(path);
    const written = await after.stood(path, MOST_KEPT);
    const wanted = wishes.get(path);
    if (wanted) entries.push({ path, written, original, wanted });
    else if (!sameStood(original, written)) entries.push({ path, written, original });
  }
  return { entries };
}

/** What was in a directory that went is to come back with it. */
async function addBelow(directory: string, start: Layer, paths: Set<string>): Promise<void> {
  if ((await start.entry(directory))?.type !== 'directory') return;
  for (const name of await start.names(directory)) {
    const path = posix.join(directory, name);
    paths.add(path);
    await addBelow(path, start, paths);
  }
}
