import { join } from 'node:path';
import { failure } from '../errors.js';
import { readIfThere, writeAtomically } from '../files.js';
import type { Host } from '../project.js';
import { upgradeFolder } from './places.js';

/**
 * What a server does when an upgrade takes its place, in this order. It is written down before, and may be done again from
 * the beginning wherever it was cut off.
 */
export interface Actions {
  /** The version that comes. */
  readonly version: number;
  /** Hosts, as they were, whose disks (those that are named by their roles and paths) are put aside. */
  readonly aside: readonly Aside[];
  /** Disks that are there under another name: of a renamed host, or from those that are kept. */
  readonly take: readonly {
    readonly from: Host;
    readonly host: Host;
    readonly disks: readonly (readonly [string, string])[];
  }[];
  /** New disks, by host. */
  readonly staged: readonly { readonly host: string; readonly disks: readonly string[] }[];
  /** Folders of units that are no longer here. */
  readonly gone: readonly string[];
  /** What the old project had written and the new one does not, relative to the project's folder. */
  readonly obsolete: readonly string[];
}

export interface Aside {
  readonly host: Host;
  readonly disks: readonly string[];
  /** What has its place from now on; null where nothing does. */
  readonly by: string | null;
}

const FILE = 'actions.json';

export async function writeActions(directory: string, actions: Actions): Promise<void> {
  await writeAtomically(join(upgradeFolder(directory), FILE), `${JSON.stringify(actions)}\n`);
}

/** Null where none are written down. */
export async function readActions(directory: string): Promise<Actions | null> {
  const path = join(upgradeFolder(directory), FILE);
  const text = await readIfThere(path);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Actions;
  } catch (error) {
    throw failure('MLN_BAD_STATE', `${path} is damaged`, {
      cause: error,
      hint: 'the disks are still in the project’s folder: keep it elsewhere before anything else is done with it',
    });
  }
}
