import { chmod, chown, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { announcer, journalEnd, newOperation, type Announce } from './announce.js';
import { failure, inContext, systemFailure } from './errors.js';
import { syncFolder } from './files.js';
import type { Mln } from './kernel.js';
import type { Disk, Host } from './project.js';
import { requireDown } from './require-down.js';
import { IMAGES } from './share.js';
import { withKept, writeState, type State } from './state.js';

/** What a disk is called until it is whole, beside its file. */
const WHOLE = '.whole';

/**
 * Makes the disks of a stopped host whole, so that they stand on no image any more. Each takes the place of its file in
 * one rename, and the host's scripts take either: at every moment the host can be started. The caller holds the
 * project's lock. Gives how many disks there were to make whole.
 */
export async function flatten(mln: Mln, state: State, name: string): Promise<number> {
  const { project } = state;
  const host = project.hosts.find((each) => each.name === name);
  const standing = host?.disks.filter((disk) => disk.standsOn !== undefined) ?? [];
  if (!host || standing.length === 0) return 0;
  await requireDown(mln, project, host);
  // Where its main process was killed, others may still write.
  await mln.shell(join(project.directory, name, 'stop'), ['clean'], { cwd: project.directory });
  const operation = newOperation('flatten');
  const announce = announcer(mln, operation, 'flatten', project.name);
  try {
    await announce('copy', project.directory, { units: [name] });
    for (const disk of standing) await makeWhole(mln, disk, host, state);
    await finishFlatten(state, name, announce);
    await journalEnd(operation, project.directory, 'done');
  } catch (error) {
    await journalEnd(operation, project.directory, 'failed');
    throw error;
  }
  return standing.length;
}

/** What is left to do when a host's disks are whole: to say so, and to take away images that no disk stands on now. */
async function finishFlatten({ project, ...rest }: State, name: string, announce: Announce<'flatten'>): Promise<void> {
  const { directory } = project;
  await announce('state', directory, { units: [name] });
  const hosts = project.hosts.map((each) => (each.name === name ? { ...each, disks: each.disks.map(onItsOwn) } : each));
  await writeState(directory, { ...rest, project: { ...project, hosts } });
  await announce('images', directory, { units: [name] });
  const standing = withKept({ ...rest, project: { ...project, hosts } });
  const used = new Set(standing.hosts.flatMap(({ disks }) => disks.flatMap(({ standsOn }) => standsOn ?? [])));
  for (const image of await readdir(join(directory, IMAGES)).catch(() => []))
    if (!used.has(join(IMAGES, image))) await rm(join(directory, IMAGES, image), { force: true });
  await announce('end', directory, { units: [name] });
}

/** Finishes or takes back what was cut off, by the step that was reached; says which. */
export async function settleFlatten(mln: Mln, state: State, name: string, reached: string): Promise<string> {
  const { project } = state;
  const folder = join(project.directory, name);
  const half = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(WHOLE));
  for (const file of half) await rm(join(folder, file), { force: true });
  const what = `the flattening of the disk of ${name}.${project.name}, which was cut off, is`;
  if (reached === 'copy') return `${what} taken back`;
  await finishFlatten(state, name, announcer(mln, newOperation('flatten'), 'flatten', project.name));
  return `${what} finished`;
}

async function makeWhole(mln: Mln, disk: Disk, host: Host, { project }: State): Promise<void> {
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store?.flatten) throw failure('MLN_NO_CLAIM', `no plug-in makes disks whole that are kept as ${disk.store}`);
  const { path } = store;
  const whole = `${path}${WHOLE}`;
  await rm(whole, { force: true });
  try {
    await store.flatten(whole);
    const { mode, uid, gid } = await stat(path);
    await chmod(whole, mode & 0o777);
    if (process.getuid?.() === 0) await chown(whole, uid, gid);
    // Its scripts run by hand as well: it may have been started in the meantime.
    await requireDown(mln, project, host);
    await rename(whole, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(whole, { force: true });
    throw inContext(systemFailure(error, path), `${host.name}: its disk cannot be made whole`);
  }
}

/** A disk as the core's own store keeps it. */
function onItsOwn(disk: Disk): Disk {
  const { standsOn, ...own } = disk;
  return standsOn === undefined ? disk : { ...own, store: 'file' };
}
