import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { failure, systemFailure } from './errors.js';
import { readIfThere, writeAtomically } from './files.js';
import { isLocked } from './lock.js';
import type { Host } from './project.js';
import { withKept, type State } from './state.js';
import { allNames } from './template-manifest.js';
import { splitMaker } from './template-owner.js';
import { upgradeFolder } from './upgrade/places.js';

/*
 * A copy-on-write disk reads what it does not hold itself from the image of its template. Who makes such disks first
 * writes a record into the version's folder `users` and then looks whether the image is still there; who removes a
 * version first gives its folder another name and then looks for users. Of two who do this at once at least one sees the
 * other: a record has a name of its own, is never written again, and goes only with the version, or when its project is
 * removed by whoever has the project's lock. So none is lost between the one look and the other.
 *
 * A record says who is to be asked, and the project's own state whether it still stands there. Where there is no state,
 * or that of another project, nothing is known: the one that was meant may have been moved, or lie on a disk that is away.
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
  /** False where there is no such project at that place. */
  readonly found: boolean;
}

interface Announced {
  readonly project: string;
  readonly directory: string;
  /** The path of the image as disks name it. */
  readonly image: string;
  /** Tells the project's folder, by whatever name, from another that has its name by now. Older records do not say. */
  readonly mark?: string;
}

/**
 * Says that disks of a project are about to stand on the image in a version's folder; `folder` is what the project has
 * while it is built. Throws where the image is gone.
 */
export async function announceUser(
  versionFolder: string,
  projectDirectory: string,
  folder = projectDirectory,
): Promise<void> {
  const directory = resolve(projectDirectory);
  const image = join(versionFolder, 'image');
  const announced = { project: basename(directory), directory, image, ...(await markOf(folder)) };
  try {
    await writeRecord(versionFolder, announced);
  } catch (error) {
    if (existsSync(image)) throw systemFailure(error, `the folder ${versionFolder} of the template cannot be written`);
  }
  if (existsSync(image)) return;
  const version = `${basename(dirname(versionFolder))}@${basename(versionFolder)}`;
  throw failure('MLN_NO_TEMPLATE', `the template ${version} was removed while disks were to be made over it`, {
    hint: 'mln template list shows what there is',
  });
}

/**
 * Says again of all templates that hosts stand on where their project is: it may have been moved. What cannot be told
 * is left out.
 */
export async function announceAll(
  projectDirectory: string,
  hosts: readonly Pick<Host, 'name' | 'disks'>[],
): Promise<void> {
  for (const image of new Set(imagesOf(hosts)))
    await announceUser(dirname(image), projectDirectory).catch(() => undefined);
}

/**
 * Takes away what templates were told of a project whose folder, which has another name by now, is about to be deleted:
 * all versions of a repository, and those that its hosts stand on. The caller holds the project's lock. What cannot be
 * taken away stays.
 */
export async function withdrawUsers(
  templates: string,
  projectDirectory: string,
  folder: string,
  hosts: readonly Pick<Host, 'name' | 'disks'>[] = [],
): Promise<void> {
  const directory = resolve(projectDirectory);
  const [projects, project] = [dirname(directory), basename(directory)];
  const there = await inodeOf(projects);
  const { mark } = await markOf(folder);
  if (mark === undefined) return;
  for (const versionFolder of new Set([...(await versionFolders(templates)), ...imagesOf(hosts).map(dirname)]))
    for (const { path, announced } of await recordsOf(versionFolder, project).catch(() => []))
      if (
        announced?.project === project &&
        announced.mark === mark &&
        (announced.directory === directory || (await inodeOf(dirname(announced.directory))) === there)
      )
        await rm(path, { force: true }).catch(() => undefined);
}

/**
 * The projects that stand on the image in a version's folder, or of which that cannot be ruled out. Nothing is changed.
 * The folder may have another name by now than when they were announced.
 */
export async function usersOf(versionFolder: string): Promise<readonly TemplateUser[]> {
  const users: TemplateUser[] = [];
  const places = new Map<string, Announced>();
  const images = new Set([join(versionFolder, 'image')]);
  const records = await recordsOf(versionFolder).catch((error: unknown) => {
    const [folder, code] = [join(versionFolder, 'users'), (error as NodeJS.ErrnoException).code ?? ''];
    users.push(unknownUser(folder, `the folder cannot be read: ${code}`));
    return [];
  });
  for (const { path, announced } of records) {
    if (announced) {
      places.set(`${announced.directory}\n${announced.mark ?? ''}`, announced);
      images.add(announced.image);
    } else users.push(unknownUser(path, `${path} is damaged, or cannot be read`));
  }
  for (const [, announced] of [...places].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const user = await userOf(announced, versionFolder, images);
    if (user && !users.some((each) => each.directory === user.directory && each.because === user.because))
      users.push(user);
  }
  return users;
}

/** Whose build ends while it is looked at has written its state before it gives the lock back: the lock comes first. */
async function userOf(
  { project, directory, mark }: Announced,
  versionFolder: string,
  images: ReadonlySet<string>,
): Promise<TemplateUser | null> {
  const projects = dirname(directory);
  const user = { project, directory, hosts: [], because: null, found: true };
  if (isLocked(projects, project)) return { ...user, because: 'it is being worked on' };
  const hosts = new Set<string>();
  let found = false;
  // An unfinished build may yet be finished, or taken back: see recover.ts.
  const unfinished = [join(projects, `.${project}.new`), join(projects, `.${project}.old`), upgradeFolder(directory)];
  for (const each of [directory, ...unfinished]) {
    const standing = await hostsOn(join(each, 'state.json'), versionFolder, images);
    if (standing === null) return { ...user, because: `${each}/state.json cannot be read` };
    if (each === directory)
      found = standing !== 'missing' && (mark === undefined || mark === (await markOf(directory)).mark);
    if (standing !== 'missing') for (const host of standing) hosts.add(host);
  }
  if (hosts.size > 0) return { ...user, hosts: [...hosts] };
  return found ? null : { ...user, because: `not found at ${directory}`, found: false };
}

/** The hosts of a kept state with disks on one of these images; null where that cannot be told. */
async function hostsOn(
  path: string,
  versionFolder: string,
  images: ReadonlySet<string>,
): Promise<readonly string[] | 'missing' | null> {
  try {
    const text = await readIfThere(path);
    if (text === null) return 'missing';
    const { hosts } = withKept(JSON.parse(text) as Pick<State, 'project'>);
    const standing: string[] = [];
    for (const host of hosts)
      for (const image of imagesOf([host]))
        if (images.has(image) || (await isImageOf(versionFolder, image))) standing.push(host.name);
    return standing;
  } catch {
    return null;
  }
}

/** Whether a path, by whatever links it goes, leads to a version's image: also where the folder is hidden by now. */
async function isImageOf(versionFolder: string, image: string): Promise<boolean> {
  const inode = await inodeOf(image);
  if (inode !== null) return inode === (await inodeOf(join(versionFolder, 'image')));
  const name = basename(versionFolder);
  const version = /^\.(.+)\.gone$/.exec(splitMaker(name)?.what ?? '')?.[1] ?? name;
  const parent = await inodeOf(dirname(dirname(image)));
  return basename(dirname(image)) === version && parent !== null && parent === (await inodeOf(dirname(versionFolder)));
}

/** The images of templates that disks of hosts stand on. */
function imagesOf(hosts: readonly Pick<Host, 'name' | 'disks'>[]): string[] {
  return hosts.flatMap(({ disks }) =>
    disks.flatMap(({ standsOn }) => (standsOn !== undefined && isAbsolute(standsOn) ? standsOn : [])),
  );
}

/** What says the same is not written twice. Whoever may write the version's folder may write here, too. */
async function writeRecord(versionFolder: string, announced: Announced): Promise<void> {
  const folder = join(versionFolder, 'users');
  const { mode } = await stat(versionFolder);
  try {
    // The folder above is not made anew: it is away where the version is being removed.
    await mkdir(folder, { mode: mode & 0o777 });
    await chmod(folder, mode & 0o7777);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const text = JSON.stringify(announced);
  for (const record of await recordsOf(versionFolder, announced.project))
    if (JSON.stringify(record.announced) === text) return;
  const path = join(folder, `${announced.project}-${randomBytes(8).toString('hex')}.json`);
  await writeAtomically(path, `${text}\n`, mode & 0o666);
}

/** The records of a version, or those that may be of one project; null: damaged. Throws where the folder cannot be read. */
async function recordsOf(
  versionFolder: string,
  project = '',
): Promise<{ readonly path: string; readonly announced: Announced | null }[]> {
  const folder = join(versionFolder, 'users');
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const records: { path: string; announced: Announced | null }[] = [];
  for (const name of names.filter((each) => each.startsWith(project) && each.endsWith('.json')).sort()) {
    const path = join(folder, name);
    const announced = await readAnnounced(path);
    if (announced !== 'gone') records.push({ path, announced });
  }
  return records;
}

async function readAnnounced(path: string): Promise<Announced | 'gone' | null> {
  try {
    const text = await readIfThere(path);
    if (text === null) return 'gone';
    const { project, directory, image, mark } = JSON.parse(text) as Record<keyof Announced, unknown>;
    if (typeof project !== 'string' || typeof directory !== 'string' || typeof image !== 'string') return null;
    return { project, directory, image, ...(typeof mark === 'string' && { mark }) };
  } catch {
    return null;
  }
}

/** The folders of all versions, also of those that are being removed. */
async function versionFolders(templates: string): Promise<string[]> {
  const names = await allNames(templates).catch(() => []);
  const versions = names.map(async (name) =>
    (await allNames(join(templates, name)).catch(() => [])).map((version) => join(templates, name, version)),
  );
  return (await Promise.all(versions)).flat();
}

function unknownUser(directory: string, because: string): TemplateUser {
  return { project: 'an unknown project', directory, hosts: [], because, found: true };
}

/** What a folder keeps under every name; inodes are used again. A device may have another number after each mount. */
async function markOf(folder: string): Promise<Pick<Announced, 'mark'>> {
  const found = await stat(folder, { bigint: true }).catch(() => null);
  return found ? { mark: `${found.ino}-${found.birthtimeNs}` } : {};
}

/** The device and inode of a file; null where there is none. */
async function inodeOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && `${found.dev}:${found.ino}`;
}
