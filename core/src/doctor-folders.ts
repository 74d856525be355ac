import { constants } from 'node:fs';
import { access, copyFile, open, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check, Finding } from './doctor.js';
import { nearestFolder, type Scratch } from './doctor-scratch.js';
import type { Mln } from './kernel.js';
import type { Shell } from './shell.js';
import { formatSize, MiB } from './values.js';

const group = 'folders';

/** Bytes and inodes below which a build will soon stop. */
const LITTLE_SPACE = 256 * MiB;
const FEW_INODES = 10_000;
/** Bytes of the file that holes are tried on: nearly all of it is one. */
const HOLLOW = 4 * MiB;

/** Where mln writes: each folder is written in, and what its filesystem can do is tried. */
export function folderChecks(mln: Mln): Check[] {
  const { projects, templates, files } = mln.folders;
  const check = (id: string, title: string, path: string): Check => ({
    id,
    group,
    title,
    need: 'always',
    run: (scratch) => writableFolder(path, scratch, mln.shell),
  });
  return [
    check('projects', 'projects', projects),
    check('templates', 'templates', templates),
    { id: 'files', group, title: 'files', need: 'always', run: () => readableFolder(files) },
    check('temporary', 'temporary files', tmpdir()),
  ];
}

/** Nothing is written there, and it need not be there. */
async function readableFolder(path: string): Promise<Finding> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
    return { state: 'ok', detail: path };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { state: 'ok', detail: `${path} (not there yet)` }
      : {
          state: 'missing',
          detail: `${path} cannot be read`,
          remedy: 'name another folder with -F, or make it your own',
        };
  }
}

async function writableFolder(path: string, scratch: Scratch, shell: Shell): Promise<Finding> {
  const folder = await scratch.folder(path);
  const hollow = join(folder, 'hollow');
  await writeHollow(hollow);
  const [space, type, sparse, found, clones] = await Promise.all([
    statfs(folder),
    filesystemType(folder, shell),
    stat(hollow).then(({ blocks }) => blocks * 512 < HOLLOW / 2),
    findsHoles(hollow, shell),
    reflinks(hollow),
  ]);
  const free = space.bavail * space.bsize;
  // Some filesystems, such as btrfs, count no inodes.
  const fewInodes = space.files > 0 && space.ffree < FEW_INODES;
  const inodes = space.files > 0 ? ` and ${space.ffree.toLocaleString('en', { notation: 'compact' })} inodes` : '';
  const detail = [
    `${path}${nearestFolder(path) === path ? '' : ' (not there yet)'}: ${type ?? 'filesystem unknown'}`,
    `${formatSize(free)}${inodes} free`,
    sparse && found ? 'holes' : 'no holes',
    clones ? 'reflinks' : 'no reflinks',
  ].join(', ');
  const remedy =
    free < LITTLE_SPACE || fewInodes
      ? `free some space in ${path}, or use another folder (-P, -T, TMPDIR)`
      : sparse && found
        ? undefined
        : 'disks take their whole size here; a folder on ext4, xfs, btrfs or tmpfs keeps their holes';
  return { state: remedy === undefined ? 'ok' : 'warning', detail, remedy };
}

async function writeHollow(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.truncate(HOLLOW);
    await file.write('end', HOLLOW - 4096);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The name of the filesystem, as mount(8) has it; null where nobody tells. */
async function filesystemType(folder: string, shell: Shell): Promise<string | null> {
  try {
    const { stdout } = await shell('findmnt', ['-n', '-o', 'FSTYPE', '-T', folder], { timeout: 5000 });
    return stdout.trim().split('\n').at(-1) || null;
  } catch {
    return null;
  }
}

/** Whether holes are found by lseek(2) with SEEK_HOLE: tar(1) stores what is no hole. */
async function findsHoles(path: string, shell: Shell): Promise<boolean> {
  const script = 'tar --hole-detection=seek -Scf - -C "${1%/*}" "${1##*/}" | wc -c';
  const { stdout } = await shell('sh', ['-c', script, 'sh', path], { timeout: 5000 });
  return Number(stdout) < HOLLOW / 2;
}

/** Whether a file can be copied by sharing its blocks, ioctl_ficlone(2). */
async function reflinks(path: string): Promise<boolean> {
  const copy = `${path}.copy`;
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    await rm(copy);
    return true;
  } catch {
    return false;
  }
}
