import { join } from 'node:path';

/*
 * What an upgrade keeps in a project's folder. Hidden names are never those of units.
 *
 *   .upgrade/              what is being made: scripts, disks and records in a folder for each unit, and the new state
 *   .upgrade/.undo/HOST    what edits have overwritten on a disk
 *   .kept/VERSION/HOST/    disks that are kept aside, by the version of the project that they belonged to
 *   .history/VERSION/      the state and the project file of earlier versions
 */

/** Where the new version of a project is made; given is the project's folder. */
export function upgradeFolder(directory: string): string {
  return join(directory, '.upgrade');
}

/** What was overwritten on a host's disk by edits of an upgrade that is not in place; the disk may be one that is kept aside. */
export function undoFile(directory: string, host: string, kept: string | null = null): string {
  return join(upgradeFolder(directory), '.undo', kept === null ? host : `${host}@${kept}`);
}

/** The script that starts a host, and what it is called while nobody may: its disk is edited, or on its way to another server. */
export function startScript(directory: string, host: string): string {
  return join(directory, host, 'start');
}

export function heldScript(directory: string, host: string): string {
  return join(directory, host, 'start.held');
}

/** The root disk of a host that comes from another server, whole, as a sparse file; its record lies beside it (recordPath). */
export function receivedImage(directory: string, host: string): string {
  return join(upgradeFolder(directory), host, 'received');
}

/** Where a disk that is kept aside lies, relative to the project's folder; given is what Disk.kept holds. */
export function keptFolder(kept: string, host: string): string {
  return join('.kept', kept, host);
}

export function historyFolder(directory: string): string {
  return join(directory, '.history');
}
