import { chmod, chown, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { announcer, journalEnd, newOperation, type Announce } from './announce.js';
import { filesystemOf } from './build-disk.js';
import { diskSize } from './disk-size.js';
import { failure, inContext, isMlnError, systemFailure } from './errors.js';
import { syncFolder } from './files.js';
import type { CutOff } from './journal.js';
import type { Mln } from './kernel.js';
import type { Disk, Host, Project } from './project.js';
import { requireDown } from './require-down.js';
import { writeState, type State } from './state.js';
import { copyImage, type Store } from './store.js';
import { formatSize, parseSize } from './values.js';

/** What the larger disk is called until it is whole, beside its file. */
const GROWN = '.grown';
/** Disks are made of whole pages. */
const PAGE = 4096;

/** What became of a disk: how large it is, and whether it was smaller. */
export interface Resized {
  /** Bytes. */
  readonly size: number;
  readonly grown: boolean;
}

/**
 * Makes the root disk of a stopped host larger, and the filesystem in it: to a size (`2G`) or by one (`+500M`). A file
 * is made larger beside itself and takes its place in one rename; a disk that its store keeps elsewhere grows where it
 * is. Nothing is made smaller. The caller holds the project's lock.
 */
export async function resize(mln: Mln, state: State, name: string, wanted: string): Promise<Resized> {
  const { project } = state;
  const { directory } = project;
  const { host, disk, store } = rootOf(mln, project, name);
  await requireDown(mln, project, host);
  const now = await diskSize(store.path);
  const size = wantedSize(wanted, now);
  const recorded = disk.freeSpace === null ? disk.size : null;
  // Stores may round up.
  if (size === now || (size === recorded && size < now)) return { size: now, grown: false };
  if (size < now)
    throw failure(
      'MLN_UNSUPPORTED',
      `the disk of ${name}.${project.name} has ${formatSize(now)}: it is not made smaller`,
      {
        hint: `a build makes it anew: give its size in the project's file`,
      },
    );
  // Where its main process was killed, others may still write.
  await mln.shell(join(directory, name, 'stop'), ['clean'], { cwd: directory });
  await (await filesystemOf(mln, store.path)).check();
  const operation = newOperation('resize');
  const announce = announcer(mln, operation, 'resize', project.name);
  try {
    await announce('disk', directory, { units: [name], size });
    await growDisk(mln, { project, host, store, size }, announce);
    await finishResize(state, name, size, announce);
    await journalEnd(operation, directory, 'done');
  } catch (error) {
    await journalEnd(operation, directory, 'failed');
    throw inContext(systemFailure(error, store.path), `${name}: its disk cannot be made larger`);
  }
  return { size: await diskSize(store.path), grown: true };
}

/** Finishes or takes back what was cut off; says which. What cannot be finished keeps nobody from other work. */
export async function settleResize(mln: Mln, state: State, { lines }: CutOff): Promise<string> {
  const { project } = state;
  const { units: [name = ''] = [], size = 0 } = lines.find((line) => line.size !== undefined) ?? {};
  const what = `the resizing of the disk of ${name}.${project.name}, which was cut off,`;
  try {
    const { host, store } = rootOf(mln, project, name);
    await rm(`${store.path}${GROWN}`, { force: true });
    const reached = lines.at(-1)?.step;
    if (reached === 'disk' || reached === 'filesystem') {
      if (store.inside) {
        if ((await diskSize(store.path)) < size) return `${what} is taken back`;
      } else {
        await requireDown(mln, project, host);
        await growOutside(mln, store, size);
      }
    }
    await finishResize(state, name, size, announcer(mln, newOperation('resize'), 'resize', project.name));
    return `${what} is finished`;
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return `${what} cannot be finished: ${error.message}; mln disk resize ${name}.${project.name} ${size} tries it again`;
  }
}

/** A host's root disk, where mln made it and it stands on nothing. */
function rootOf(mln: Mln, project: Project, name: string): { host: Host; disk: Disk; store: Store } {
  const host = project.hosts.find((each) => each.name === name);
  const disk = host?.disks.find(({ role }) => role === 'root');
  if (!host || !disk) throw failure('MLN_NO_UNIT', `${name}.${project.name} has no disk`);
  const whose = `the disk of ${name}.${project.name}`;
  if (disk.existing)
    throw failure('MLN_UNSUPPORTED', `${whose}, ${disk.path}, was there before the project: mln does not resize it`, {
      hint: `make a copy of it, make that larger (truncate, e2fsck -f, resize2fs), and name it in the project's file`,
    });
  if (disk.standsOn !== undefined)
    throw failure(
      'MLN_UNSUPPORTED',
      `${whose} holds only what differs from ${disk.standsOn}, and is as large as that`,
      {
        hint: `mln disk flatten ${name}.${project.name} makes it whole first`,
      },
    );
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store) throw failure('MLN_NO_CLAIM', `no plug-in keeps disks as ${disk.store}`);
  return { host, disk, store };
}

/** The size in bytes that is asked for: one, or so much more than now. */
function wantedSize(text: string, now: number): number {
  const more = text.startsWith('+');
  const bytes = parseSize(more ? text.slice(1) : text);
  if (typeof bytes === 'string')
    throw failure('MLN_USAGE', `${text}: ${bytes}`, { hint: 'a size is 2G for example, or +500M for so much more' });
  return Math.ceil(((more ? now : 0) + bytes) / PAGE) * PAGE;
}

interface Growing {
  readonly project: Project;
  readonly host: Host;
  readonly store: Store;
  readonly size: number;
}

async function growDisk(mln: Mln, growing: Growing, announce: Announce<'resize'>): Promise<void> {
  const { project, host, store, size } = growing;
  const filesystem = (): Promise<void> => announce('filesystem', project.directory, { units: [host.name], size });
  if (!store.inside) return growOutside(mln, store, size, filesystem);
  const { path } = store;
  const grown = `${path}${GROWN}`;
  await rm(grown, { force: true });
  try {
    await copyImage(path, grown, size, mln.shell);
    await filesystem();
    await growFilesystem(mln, grown);
    const { mode, uid, gid } = await stat(path);
    await chmod(grown, mode & 0o777);
    if (process.getuid?.() === 0) await chown(grown, uid, gid);
    await syncFile(grown);
    // Its scripts run by hand as well: it may have been started in the meantime.
    await requireDown(mln, project, host);
    await rename(grown, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(grown, { force: true });
    throw error;
  }
}

/** May be done again, from the beginning, wherever it was cut off. */
async function growOutside(mln: Mln, store: Store, size: number, between?: () => Promise<void>): Promise<void> {
  // It may have grown since this was cut off, by hand or inside its guest.
  await store.grow(size, (await filesystemOf(mln, store.path)).reach);
  await between?.();
  await growFilesystem(mln, store.path);
}

async function growFilesystem(mln: Mln, path: string): Promise<void> {
  const filesystem = await filesystemOf(mln, path);
  await filesystem.grow();
  await filesystem.check();
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What is left to do when a disk is larger: to say so. */
async function finishResize(
  { project, ...rest }: State,
  name: string,
  size: number,
  announce: Announce<'resize'>,
): Promise<void> {
  const { directory } = project;
  await announce('state', directory, { units: [name], size });
  const resized = (disk: Disk): Disk => (disk.role === 'root' ? { ...disk, size, freeSpace: null } : disk);
  const hosts = project.hosts.map((each) => (each.name === name ? { ...each, disks: each.disks.map(resized) } : each));
  await writeState(directory, { ...rest, project: { ...project, hosts } });
  await announce('end', directory, { units: [name], size });
}
