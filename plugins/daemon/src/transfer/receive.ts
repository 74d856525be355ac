import type { Package } from '../protocol.js';
import type { Daemon } from '../server/route.js';
import type { Project } from '@mln/core';

/** Where a received project is laid out: for a worker, and the user as whom it runs. */
export interface Placing {
  /** Takes the files of `files`; made, and given to the owner. */
  readonly folder: string;
  /** The projects and templates folders of that user. */
  readonly projects: string;
  readonly templates: string;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * Checks a package that came in, word by word: names, sizes, paths that lead out, unknown fields. Throws MLN_BAD_REQUEST
 * with all that is wrong; nothing is written.
 */
export function checkPackage(_value: unknown, _project: string): Package {
  throw new Error('not there yet');
}

/** Throws MLN_NO_BLOB, naming them, where files of a package have not been sent. */
export function requireFiles(_daemon: Daemon, _package: Package): Promise<void> {
  throw new Error('not there yet');
}

/** Lays out the files and templates of a checked package; gives the project with paths of this server. */
export function placePackage(_daemon: Daemon, _package: Package, _placing: Placing): Promise<Project> {
  throw new Error('not there yet');
}
