import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { failure, systemFailure } from './errors.js';
import { readIfThere, writeAtomically } from './files.js';
import { isLocked } from './lock.js';
import type { State } from './state.js';

/*
 * A copy-on-write disk reads what it does not hold itself from the image of its template. Who makes such disks first
 * writes a file into the version's folder `users` and then looks whether the image is still there; who removes a version
 * first gives its folder another name and then looks for users. Of two who do this at once at least one sees the other.
 */

/** A project that stands on a version of a template. */
export interface TemplateUser {
  readonly project: string;
  /** The project's folder. */
  readonly directory: string;
  /** The hosts whose disks stand on it. */
  readonly hosts: readonly string[];
  /** Why it counts, where not for its hosts. */
  readonly because: string | null;
}

interface Announced {
  readonly project: string;
  readonly directory: string;
  /** The path of the image as disks name it. */
  readonly image: string;
}

/** Says that disks of a project are about to stand on the image in a version's folder. Throws where the image is gone. */
export async function announceUser(versionFolder: string, projectDirectory: string): Promise<void> {
  const directory = resolve(projectDirectory);
  const announced: Announced = { project: basename(directory), directory, image: join(versionFolder, 'image') };
  const path = join(versionFolder, 'users', fileName(announced));
  try {
    // The folder above is not made anew: it is away where the version is being removed.
    await mkdir(dirname(path), { mode: 0o700 }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    await writeAtomically(path, `${JSON.stringify(announced)}\n`);
  } catch (error) {
    if (existsSync(announced.image))
      throw systemFailure(error, `the folder ${versionFolder} of the template cannot be written`);
  }
  if (existsSync(announced.image)) return;
  const version = `${basename(dirname(versionFolder))}@${basename(versionFolder)}`;
  throw failure('MLN_NO_TEMPLATE', `the template ${version} was removed while disks were to be made over it`, {
    hint: 'mln template list shows what there is',
  });
}

/**
 * The projects that stand on the image in a version's folder, or of which that cannot be ruled out. What is said of
 * others is taken away. The folder may have another name by now than when they were announced.
 */
export async function usersOf(versionFolder: string): Promise<readonly TemplateUser[]> {
  const folder = join(versionFolder, 'users');
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw systemFailure(error, `${folder} cannot be read`);
  });
  const users: TemplateUser[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const path = join(folder, name);
    const announced = await readAnnounced(path);
    if (announced === 'gone') continue;
    const user = announced
      ? await userOf(announced, new Set([announced.image, join(versionFolder, 'image')]))
      : { project: name, directory: path, hosts: [], because: `${path} is damaged` };
    if (user) users.push(user);
    else await rm(path, { force: true });
  }
  return users;
}

/** Whose build ends while it is looked at has written its state before it gives the lock back: the lock comes first. */
async function userOf({ project, directory }: Announced, images: ReadonlySet<string>): Promise<TemplateUser | null> {
  const projects = dirname(directory);
  const user = { project, directory, hosts: [], because: null };
  if (!existsSync(projects)) return { ...user, because: `${projects} is not there now` };
  if (isLocked(projects, project)) return { ...user, because: 'it is being worked on' };
  const hosts = new Set<string>();
  // An unfinished build may yet be finished, or taken back: see recover.ts.
  for (const each of [directory, join(projects, `.${project}.new`), join(projects, `.${project}.old`)]) {
    const standing = await hostsOn(join(each, 'state.json'), images);
    if (standing === null) return { ...user, because: `${each}/state.json cannot be read` };
    for (const host of standing) hosts.add(host);
  }
  return hosts.size > 0 ? { ...user, hosts: [...hosts] } : null;
}

/** The hosts of a kept state with disks on one of these images; null where that cannot be told. */
async function hostsOn(path: string, images: ReadonlySet<string>): Promise<readonly string[] | null> {
  try {
    const text = await readIfThere(path);
    if (text === null) return [];
    const { project } = JSON.parse(text) as Pick<State, 'project'>;
    return project.hosts
      .filter(({ disks }) => disks.some((disk) => disk.standsOn !== undefined && images.has(disk.standsOn)))
      .map(({ name }) => name);
  } catch {
    return null;
  }
}

async function readAnnounced(path: string): Promise<Announced | 'gone' | null> {
  try {
    const text = await readIfThere(path);
    if (text === null) return 'gone';
    const { project, directory, image } = JSON.parse(text) as Record<keyof Announced, unknown>;
    if (typeof project !== 'string' || typeof directory !== 'string' || typeof image !== 'string') return null;
    return { project, directory, image };
  } catch {
    return null;
  }
}

function fileName({ project, directory }: Announced): string {
  return `${project}-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.json`;
}
