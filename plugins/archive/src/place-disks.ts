import { chmod, chown, copyFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  failure,
  loadPortable,
  readIfThere,
  stagingOf,
  writeAtomically,
  type Host,
  type Mln,
  type Project,
  type Report,
} from '@mln/core';
import { badArchive, type ArchivedDisk, type Contents } from './contents.js';
import { FILES } from './place-files.js';

/*
 * A build is made in a folder beside the project's place, and takes that place in one rename. What an archive has of the
 * project is put there in between: a kill before the rename leaves no project, one after it the whole one.
 */

/** Where the files of an archive lie, and what of them has the name of its digest. */
export interface Unpacked {
  readonly blobs: string;
  /** The folder that project.source has meanwhile. */
  readonly laid: string;
}

/** Has the next build of a project end with what an archive has. */
export function completeBuild(mln: Mln, contents: Contents, unpacked: Unpacked): void {
  const { name } = contents.project;
  mln.hooks.execute.tapPromise({ name: 'archive', stage: 50 }, async (operation, part, report: Report) => {
    if (operation.name !== 'build' || part.server !== null || part.project.name !== name) return undefined;
    if (part.phase === 'prepare') await requireNew(mln, name);
    if (part.phase !== 'commit') return undefined;
    try {
      await complete(mln, contents, unpacked);
    } catch (error) {
      await mln.hooks.execute.promise(operation, { ...part, phase: 'undo' }, report);
      throw error;
    }
    return undefined;
  });
}

/** Throws MLN_PROJECT_EXISTS where there is a project, or something else in its place. */
export async function requireNew(mln: Mln, name: string): Promise<void> {
  const path = join(mln.folders.projects, name);
  if (await stat(path).catch(() => null))
    throw failure('MLN_PROJECT_EXISTS', `there is a project ${name} already: ${path}`, {
      hint: `mln remove -p ${name} removes it; an import replaces nothing`,
    });
}

async function complete(mln: Mln, contents: Contents, unpacked: Unpacked): Promise<void> {
  const { name } = contents.project;
  const staging = stagingOf(mln.folders.projects, name);
  const state = JSON.parse((await readIfThere(join(staging, 'state.json'))) ?? '') as { readonly project: Project };
  const staged = { ...state.project, directory: staging };
  const outside: string[] = [];
  for (const archived of contents.disks) {
    const path = await placeDisk(mln, staged, archived, unpacked);
    if (path !== null) outside.push(path);
  }
  const { readRecord, recordPath } = await loadPortable();
  for (const { host, blob } of contents.records) {
    // Hosts may have the same one.
    const record = recordPath(staging, host);
    await copyFile(join(unpacked.blobs, blob.sha256), record);
    await chmod(record, 0o600);
    await readRecord(staging, host).catch((error: unknown) => {
      throw badArchive(`the archive: what mln wrote into ${host} cannot be read`, undefined, error);
    });
  }
  if (contents.entries.length > 0) await rename(join(unpacked.laid, FILES), join(staging, FILES));
  const project = { ...state.project, source: join(mln.folders.projects, name) };
  await writeAtomically(join(staging, 'state.json'), `${JSON.stringify({ ...state, project })}\n`);
  await mln.shell('sync', ['-f', '--', staging]);
  if (outside.length > 0) await mln.shell('sync', ['--', ...outside]);
}

/** Puts a disk of the archive in the stead of what was built; gives its path where it lies outside the project's folder. */
async function placeDisk(
  mln: Mln,
  project: Project,
  { host: name, disk: path, blob }: ArchivedDisk,
  { blobs }: Unpacked,
): Promise<string | null> {
  const { host, disk } = found(project, name, path);
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store) throw failure('MLN_NO_CLAIM', `no plug-in keeps disks as ${disk.store}`);
  const image = join(blobs, blob.sha256);
  const built = await stat(store.path);
  await store.remove();
  await store.create(image, blob.size, true);
  if (!store.inside) return store.path;
  await chmod(store.path, built.mode & 0o777);
  if (process.getuid?.() === 0) await chown(store.path, built.uid, built.gid);
  return null;
}

function found(project: Project, name: string, path: string): { host: Host; disk: Host['disks'][number] } {
  const host = project.hosts.find((each) => each.name === name);
  const disk = host?.disks.find((each) => each.path === path);
  if (host && disk) return { host, disk };
  throw new Error(`${name} was built without its disk ${path}`);
}
