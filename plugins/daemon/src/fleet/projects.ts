import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isMlnError, isProjectName, readState, type Project } from '@mln/core';
import type { Daemon } from '../server/route.js';

/** A project of a folder, as it was when its state was last written. */
interface Known {
  readonly stamp: string;
  readonly project: Project;
}

const known = new WeakMap<object, Map<string, Known>>();

type Ground = Pick<Daemon, 'projectFolders'>;

/** All projects that have a part on this server, in any of its folders; their states are read anew where they have changed. */
export async function projectsHere(daemon: Ground): Promise<readonly Project[]> {
  const folders = await daemon.projectFolders();
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder).catch(() => []))
        .filter(isProjectName)
        .map((name): [folder: string, name: string] => [folder, name]),
    ),
  );
  const found = await Promise.all(names.flat().map(([folder, name]) => projectIn(daemon, folder, name)));
  // Of two of one name the first counts, as wherever a project is looked up: users of guests write what they like into theirs.
  const seen = new Set<string>();
  return found.flatMap((project) => {
    if (project === null || seen.has(project.name)) return [];
    seen.add(project.name);
    return [project];
  });
}

/** The project of this name. Throws MLN_NO_PROJECT. */
export async function projectHere(daemon: Ground, name: string): Promise<Project> {
  for (const folder of await daemon.projectFolders()) {
    const project = isProjectName(name) ? await projectIn(daemon, folder, name) : null;
    if (project) return project;
  }
  throw failure('MLN_NO_PROJECT', `there is no project ${name} here`);
}

/** One whose state cannot be read is none: whoever works on it is told why. */
async function projectIn(daemon: Ground, folder: string, name: string): Promise<Project | null> {
  const cache = known.get(daemon) ?? new Map<string, Known>();
  known.set(daemon, cache);
  const path = join(folder, name, 'state.json');
  const found = await stat(path, { bigint: true }).catch(() => null);
  if (!found) {
    cache.delete(path);
    return null;
  }
  const stamp = `${found.ino}.${found.mtimeNs}.${found.size}`;
  const before = cache.get(path);
  if (before?.stamp === stamp) return before.project;
  try {
    const state = await readState(folder, name);
    if (state) cache.set(path, { stamp, project: state.project });
    return state?.project ?? null;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return null;
  }
}
