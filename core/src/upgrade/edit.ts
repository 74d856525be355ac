import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesystemOf } from '../build-disk.js';
import { diskSize } from '../disk-size.js';
import { failure } from '../errors.js';
import { makeFolder } from '../files.js';
import { planGuest, readRecord, recordAnew, writeRecord, type GuestRecord } from '../guest-record.js';
import type { Mln } from '../kernel.js';
import type { Disk, Host, Project } from '../project.js';
import type { State } from '../state.js';
import type { Store } from '../store.js';
import { createTemplates } from '../templates.js';
import { openPresent, remake } from './disk.js';
import { hold } from './hold.js';
import type { LocalHost } from './local.js';
import { keptFolder, receivedImage, undoFile, upgradeFolder } from './places.js';
import { sizeAfter } from './sizes.js';

/** What an upgrade works with on this server. */
export interface Editing {
  readonly mln: Mln;
  /** The new project, in its own folder. */
  readonly project: Project;
  readonly state: State | null;
  /** Hosts that may become smaller. */
  readonly shrink: readonly string[];
}

/** What became of a host's disks: how the old ones are named, and the new ones. */
export interface EditedHost {
  readonly host: Host;
  /** Old disks that give way. */
  readonly aside: readonly string[];
  /** Old disks that stay, and what they are from now on. */
  readonly take: readonly (readonly [from: string, to: string])[];
  /** New disks, which are in the folder of the upgrade or have staged names. */
  readonly staged: readonly string[];
}

/** Tells a host's disks from each other. */
export function diskKey({ role, path, mount }: Disk): string {
  return [role, mount?.point ?? '', path].join(' ');
}

/** Brings the disks of a host that is down to what the new project says. What is there is edited with an undo record, or copied. */
export async function editHost(editing: Editing, local: LocalHost): Promise<EditedHost> {
  const { mln, project } = editing;
  const { host, old } = local;
  const staged = { ...project, directory: upgradeFolder(project.directory) };
  await makeFolder(join(staged.directory, host.name));
  const root = host.disks.find(({ role }) => role === 'root');
  const done = root ? await editRoot(editing, local, root) : null;
  const fresh: string[] = [];
  const take: (readonly [string, string])[] = done?.take ? [done.take] : [];
  const stays = new Set(take.map(([from]) => from));
  for (const disk of host.disks) {
    if (disk.role === 'root' || disk.existing) continue;
    const before = local.from === 'kept' ? old?.disks.find((each) => sameDisk(each, disk)) : undefined;
    if (before && old && canTake(mln, before, old, disk, host, editing)) {
      take.push([diskKey(before), diskKey(disk)]);
      stays.add(diskKey(before));
    } else {
      const store = storeOf(mln, disk, host, staged);
      await store.create(null, disk.size ?? 0);
      if (disk.role === 'swap') await mln.shell('mkswap', [store.path]);
      await own(mln, host, store);
      fresh.push(diskKey(disk));
    }
  }
  const disks = host.disks.map((disk) => (disk === root && done ? done.disk : disk));
  const aside = (local.from === 'kept' ? (old?.disks ?? []) : []).filter(
    (disk) => !disk.existing && !stays.has(diskKey(disk)),
  );
  return {
    host: { ...host, disks },
    aside: aside.map(diskKey),
    take,
    staged: [...(done?.staged && root ? [diskKey(done.disk)] : []), ...fresh],
  };
}

interface EditedRoot {
  readonly disk: Disk;
  readonly take: readonly [string, string] | null;
  readonly staged: boolean;
}

async function editRoot(editing: Editing, local: LocalHost, root: Disk): Promise<EditedRoot> {
  const { mln, project, state, shrink } = editing;
  const { host, old } = local;
  const staging = upgradeFolder(project.directory);
  const staged = { ...project, directory: staging };
  const scratch = join(staging, '.scratch', host.name);
  await mkdir(dirname(scratch), { recursive: true });
  if (local.from === 'received') {
    const from = receivedImage(project.directory, host.name);
    const disk = { ...onItsOwn(root), ...(root.share ? { store: 'file' } : {}) };
    const record = await readRecord(staging, host.name);
    const bytes = await diskSize(from);
    const before = old?.disks.find(({ role }) => role === 'root') ?? root;
    const size = sizeAfter(host, root, { disk: before, bytes, template: undefined }, shrink.includes(host.name));
    const to = storeOf(mln, disk, host, staged);
    await remake(mln, { from, mayMove: true, to, size, scratch });
    await configure(editing, host, to.path, old && record && { host: old, record });
    await rm(from, { force: true });
    await own(mln, host, to);
    return { disk, take: null, staged: true };
  }
  if (!old) throw failure('MLN_BAD_STATE', `${host.name}: it is not known what its disk was`);
  const before = old.disks.find(({ role }) => role === 'root');
  if (before?.existing !== root.existing) throw otherDisk(host);
  const store = storeOf(mln, before, old, state?.project ?? project);
  const record = await recordOf(editing, local, old);
  const previous = record && { host: old, record };
  const undo = undoFile(project.directory, old.name, local.kept);
  await makeFolder(dirname(undo));
  if (local.kept === null && state) await hold(mln, state.project, old);
  const present = await openPresent(mln, store, scratch);
  try {
    if (root.existing) {
      const planned = await planGuest(mln, project, host, present.filesystem, previous);
      await present.patch(planned.edits, undo);
      await writeRecord(staging, host.name, planned.record);
      return { disk: root, take: null, staged: false };
    }
    const { template } = local;
    const bytes = await diskSize(present.image);
    const size = sizeAfter(host, root, { disk: before, bytes, template }, shrink.includes(host.name));
    const stays = canTake(mln, before, old, root, host, editing);
    if (stays && size > bytes && !store.inside) {
      await store.grow(size, present.filesystem.reach);
      await present.filesystem.grow();
    }
    if (stays && (size === bytes || (size > bytes && !store.inside))) {
      const planned = await planGuest(mln, project, host, present.filesystem, previous);
      await present.patch(planned.edits, undo);
      await writeRecord(staging, host.name, planned.record);
      const disk = before.standsOn === undefined ? onItsOwn(root) : { ...onItsOwn(root), standsOn: before.standsOn };
      return { disk: { ...disk, store: root.store }, take: [diskKey(before), diskKey(root)], staged: false };
    }
    const disk = { ...onItsOwn(root), ...(before.standsOn === undefined ? {} : { store: 'file' }) };
    const to = storeOf(mln, disk, host, staged);
    await remake(mln, { from: present.image, to, size, scratch: `${scratch}.copy` });
    await configure(editing, host, to.path, previous);
    await own(mln, host, to);
    return { disk, take: null, staged: true };
  } finally {
    await present.close();
    await rm(scratch, { force: true });
  }
}

/** Configures a disk that nobody else has yet. */
async function configure(
  { mln, project }: Editing,
  host: Host,
  path: string,
  previous: { readonly host: Host; readonly record: GuestRecord } | null,
): Promise<void> {
  const filesystem = await filesystemOf(mln, path);
  const planned = await planGuest(mln, project, host, filesystem, previous);
  await filesystem.apply(planned.edits);
  await filesystem.check();
  await writeRecord(upgradeFolder(project.directory), host.name, planned.record);
}

/** What mln has written into a guest; of what older versions have built it is found out again, where their template is there. */
async function recordOf({ mln, project, state }: Editing, local: LocalHost, old: Host): Promise<GuestRecord | null> {
  const folder =
    local.kept === null ? project.directory : dirname(join(project.directory, keptFolder(local.kept, old.name)));
  const known = await readRecord(folder, old.name);
  if (known) return known;
  const { template } = local;
  if (!state || !template) return null;
  const { name, version } = template;
  const found = await createTemplates(mln.folders.templates, mln.shell)
    .find(name.includes('@') || version === null ? name : `${name}@${version}`, state.project.source)
    .catch(() => null);
  if (!found || (template.sha256 !== null && found.manifest?.sha256 !== template.sha256)) return null;
  return recordAnew(mln, state.project, old, await filesystemOf(mln, found.path));
}

/** Whether a disk goes on as it is under what the new project calls it. */
function canTake(mln: Mln, before: Disk, old: Host, disk: Disk, host: Host, { project, state }: Editing): boolean {
  if (before.store !== disk.store) return false;
  const now = storeOf(mln, before, old, state?.project ?? project);
  const then = storeOf(mln, { ...onItsOwn(disk), ...standing(before) }, host, project);
  if (now.path === then.path) return true;
  return then.take !== undefined && (now.inside || dirname(now.path) === dirname(then.path));
}

function standing({ standsOn }: Disk): Partial<Disk> {
  return standsOn === undefined ? {} : { standsOn };
}

function sameDisk(one: Disk, other: Disk): boolean {
  return one.role === other.role && one.size === other.size && one.mount?.point === other.mount?.point && !one.existing;
}

/** A disk that stands on no image, whatever it was to share. */
function onItsOwn(disk: Disk): Disk {
  const { share: _share, standsOn: _standsOn, ...own } = disk;
  return own;
}

/** The store of a disk, which must be one that a plug-in keeps. */
export function storeOf(mln: Mln, disk: Disk, host: Host, project: Project): Store {
  const store = mln.hooks.disk.call(disk, host, project);
  if (store) return store;
  throw failure('MLN_NO_CLAIM', `no plug-in that is loaded keeps disks as ${disk.store}, as ${host.name} has one`, {
    hint: 'load the plug-in that made it: mln plugin list tells which are there',
  });
}

/** Gives a disk the owner that its host names. */
async function own(mln: Mln, { keywords: { owner, group } }: Host, store: Store): Promise<void> {
  if (owner === undefined && group === undefined) return;
  await mln.shell('chown', ['--', `${owner ?? ''}${group === undefined ? '' : `:${group}`}`, store.path]);
}

function otherDisk(host: Host): Error {
  return failure('MLN_DATA_LOSS', `${host.name}: it is to have another disk than it has`, {
    place: host.lines?.filesystem ?? host.place ?? undefined,
    hint: `--rebuild ${host.name} makes its disk anew`,
  });
}
