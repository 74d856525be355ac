import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isMlnError, systemFailure } from '../errors.js';
import { makeFolder, readIfThere, writeAtomically } from '../files.js';
import { readStateIn, type State } from '../state.js';
import { historyFolder } from './places.js';

/** How many earlier versions of a project are kept. */
const MOST = 50;

/** A version of a project, and the project file that it was made from, includes in place. */
export interface Version {
  readonly state: State;
  readonly source: string;
}

/** An earlier version that is kept. */
export interface HistoryEntry {
  readonly version: number;
  /** When it was made; ISO 8601. */
  readonly at: string;
  readonly state: State;
}

/**
 * Keeps a version of a project in the project’s folder, and gives up the oldest of more than 50. May be done again: what is
 * there of it goes before. A version counts as kept when its state is there, which is written last.
 */
export async function saveHistory(directory: string, state: State, source: string): Promise<void> {
  const folder = versionFolder(directory, state.version);
  // What was cut off may have left half a file.
  await rm(folder, { recursive: true, force: true });
  await makeFolder(folder);
  await writeAtomically(join(folder, 'project.mln'), source);
  await writeAtomically(join(folder, 'state.json'), `${JSON.stringify(state)}\n`);
  const versions = await versionsIn(directory);
  for (const each of versions.slice(0, -MOST)) await rm(versionFolder(directory, each), { recursive: true });
}

/** Begins the history of a project that is built anew with that of the one before; given are the folders of both, and what the old one is. */
export async function continueHistory(from: string, to: string, state: State): Promise<void> {
  try {
    await cp(historyFolder(from), historyFolder(to), { recursive: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  } catch (error) {
    throw systemFailure(error, `the earlier versions in ${historyFolder(from)} cannot be kept`);
  }
  await saveHistory(to, state, (await readIfThere(join(from, 'project.mln'))) ?? '');
}

/** The earlier versions that are kept, oldest first. One that cannot be read is left out. */
export async function readHistory(directory: string): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (const version of await versionsIn(directory)) {
    const state = await readKept(directory, version).catch((error: unknown) => {
      if (isMlnError(error)) return null;
      throw error;
    });
    if (state) entries.push({ version, at: state.builtAt, state });
  }
  return entries;
}

/** Reads a version: the present one, or one that is kept. Throws MLN_NO_VERSION where it is neither. */
export async function readVersion(directory: string, version: number): Promise<Version> {
  const present = await readStateIn(directory);
  const isPresent = present?.version === version;
  const state = isPresent ? present : await readKept(directory, version);
  if (!state) {
    const kept = await versionsIn(directory);
    const all = [...kept, ...(present ? [present.version] : [])];
    throw failure('MLN_NO_VERSION', `there is no version ${version} of the project in ${directory}`, {
      hint: all.length === 0 ? 'none is kept' : `there are ${all.join(', ')}: mln history shows them`,
    });
  }
  const source = await readIfThere(join(isPresent ? directory : versionFolder(directory, version), 'project.mln'));
  return { state, source: source ?? '' };
}

async function readKept(directory: string, version: number): Promise<State | null> {
  const state = await readStateIn(versionFolder(directory, version));
  if (state && state.version !== version)
    throw failure('MLN_BAD_STATE', `${versionFolder(directory, version)} holds version ${state.version}`);
  return state && { ...state, project: { ...state.project, directory } };
}

function versionFolder(directory: string, version: number): string {
  return join(historyFolder(directory), String(version));
}

/** In ascending order. */
async function versionsIn(directory: string): Promise<readonly number[]> {
  const folder = historyFolder(directory);
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /^[1-9]\d{0,14}$/.test(name))
      .map(Number)
      .sort((one, other) => one - other);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemFailure(error, `the folder ${folder} cannot be read`);
  }
}
