import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  failure,
  isMlnError,
  isStaged,
  type Disk,
  type Host,
  type Mln,
  type Project,
  type Shell,
  type Store,
} from '@mln/core';
import { growThick, makeVolume, tagging } from './make.js';
import { keptName, STAGED } from './names.js';
import { missing, requireOurs } from './refusals.js';
import { foreign, hasTags, tagsOf } from './tags.js';
import { takeVolume } from './take.js';
import type { TemplateVolumes, Wanted } from './template-volumes.js';
import { writeDevice } from './write-device.js';
import {
  findGroups,
  findVolumes,
  inUse,
  isTaken,
  named,
  runLvm,
  sizeArgument,
  type Group,
  type Volume,
} from './volumes.js';

/** Milliseconds between two looks at what is still written, and how many there are: the kernel ends what it has begun. */
const PATIENCE = 250;
const TRIES = 80;

/**
 * Keeps a disk as a logical volume. Before each destructive act the volume's tags are looked at: one that does not
 * have this host's is a stranger's, and is neither written to nor removed.
 */
export function lvmStore(disk: Disk, host: Host, project: Project, mln: Mln, templates: TemplateVolumes): Store {
  const { shell } = mln;
  const group = groupOf(host);
  const own = disk.kept === undefined ? disk.path : keptName(disk.path, disk.kept);
  const name = isStaged(project) ? `${own}${STAGED}` : own;
  const path = deviceOf(group, name);
  const pool = poolOf(host);
  const tags = tagsOf(host, project);

  /** What there is of this disk in its group. */
  const look = async (): Promise<Seen> => seenOf(group, [own, `${own}${STAGED}`], shell);
  /** The same; what a build that was killed still writes is waited for. */
  const lookPatiently = async (): Promise<Seen> => {
    let seen = await look();
    for (let tries = 0; tries < TRIES && name !== own && seen.volume(name)?.open === true; tries += 1) {
      await pause(PATIENCE);
      seen = await look();
    }
    return seen;
  };
  const requireRemovable = (seen: Seen, which: string): void => {
    const volume = seen.volume(which);
    if (!volume) return;
    requireOurs(volume, tags);
    if (volume.open) throw inUse(`${group}/${which}`);
    requireAlone(volume, seen);
  };
  const removeOurs = async (seen: Seen, which: string): Promise<void> => {
    requireRemovable(seen, which);
    if (seen.volume(which)) await runLvm(shell, 'lvremove', ['--yes', `${group}/${which}`]);
  };
  const stands = host.keywords['lvm_snapshot'] === true;
  // A thick snapshot is as large as what it stands on for ever; its own area has room for all of it to change.
  const originOf = (image: string, size: number): Wanted => ({
    group,
    pool,
    image,
    size: pool === null ? size : null,
  });
  const extend = async (volume: Volume, size: number): Promise<void> => {
    if (volume.size < size) await runLvm(shell, 'lvextend', ['--size', sizeArgument(size), `${group}/${name}`]);
  };
  const snapshot = async (image: string, size: number): Promise<void> => {
    const origin = await templates.import(originOf(image, size));
    const how = pool === null ? ['--extents', '100%ORIGIN'] : ['--setactivationskip', 'n'];
    const label = ['--name', name, ...tagging(tags)];
    try {
      await runLvm(shell, 'lvcreate', ['--yes', '--snapshot', ...how, ...label, `${group}/${origin}`]);
    } catch (error) {
      // Nothing stood on it yet: somebody has removed it.
      if (!isGone(error, origin)) throw error;
      return snapshot(image, size);
    }
    if (pool === null || size <= statSync(image).size) return;
    const made = (await look()).volume(name);
    if (made) await extend(made, size);
  };
  const make = async (template: string | null, size: number, whole: boolean): Promise<void> => {
    if (template !== null && stands && !whole) await snapshot(template, size);
    else await makeVolume(shell, { group, pool, name, tags, size, image: template });
  };
  /** A volume that has the name already is not what was half made. */
  const makeOrNothing = async (template: string | null, size: number, whole: boolean): Promise<void> => {
    try {
      await make(template, size, whole);
    } catch (error) {
      const seen = isTaken(error, name) ? null : await look().catch(() => null);
      if (seen) await removeOurs(seen, name).catch(() => undefined);
      throw error;
    }
  };

  return {
    path,
    inside: false,
    async exists() {
      const found = (await look()).volume(name);
      if (found && !hasTags(found, tags)) mln.log(`${host.name}: ${foreign(found)}: it is left as it is`);
      return found !== null && hasTags(found, tags);
    },
    room(template, size) {
      if (pool !== null) return null;
      const room = { from: `the volume group ${group}`, free: async () => freeIn(await findGroups(shell), group) };
      if (template === null || !stands) return { ...room, takes: size };
      return { ...room, takes: areaOf(size), shared: templates.room(originOf(template, size)) };
    },
    async create(template, size, whole = false) {
      try {
        await makeOrNothing(template, size, whole);
      } catch (error) {
        if (!isTaken(error, name)) throw error;
        // What a build that was killed has left.
        await removeOurs(await lookPatiently(), name);
        await makeOrNothing(template, size, whole);
      }
    },
    async place() {
      const seen = await look();
      const staged = seen.volume(`${own}${STAGED}`);
      if (!staged) return;
      requireOurs(staged, tags);
      await removeOurs(seen, own);
      await runLvm(shell, 'lvrename', [group, staged.name, own]);
    },
    async requireFree() {
      requireRemovable(await look(), own);
    },
    async grow(size, used = 0) {
      const seen = await look();
      const found = seen.volume(name);
      if (!found) throw missing(group, name);
      requireOurs(found, tags);
      if (found.pool === '' && found.origin !== '')
        throw failure('MLN_UNSUPPORTED', `the volume ${group}/${name} cannot be made larger: it is a snapshot`, {
          hint: 'a thin pool (option thinPool) has snapshots that grow; or build it anew, with another size',
        });
      requireAlone(found, seen);
      await (found.pool === '' ? growThick(shell, found, size, used) : extend(found, size));
    },
    async remove() {
      await removeOurs(await lookPatiently(), name);
    },
    take: (from) => takeVolume(shell, from, { group, name, tags, project }),
    async patch(stretches) {
      const found = (await look()).volume(name);
      if (!found) throw missing(group, name);
      requireOurs(found, tags);
      writeDevice(path, stretches);
    },
  };
}

/** Volumes of a group at one moment: some by their names, and the snapshots that stand on them and are not thin. */
interface Seen {
  volume(name: string): Volume | null;
  standingOn(name: string): readonly Volume[];
}

async function seenOf(group: string, names: readonly string[], shell: Shell): Promise<Seen> {
  const origins = names.map((name) => `origin="${name}"`).join(' || ');
  const found = await findVolumes(shell, `(${named(group, names)}) || (vg_name="${group}" && (${origins}))`);
  return {
    volume: (name) => found.find((volume) => volume.name === name) ?? null,
    standingOn: (name) => found.filter(({ origin, pool }) => origin === name && pool === ''),
  };
}

function isGone(error: unknown, origin: string): boolean {
  return isMlnError(error) && error.message.includes(`origin LV ${origin} not found`);
}

/** Bytes that a snapshot notes each change in, and those of a note, see the kernel's dm-snap-persistent.c. */
const CHUNK = 4096;
const NOTE = 16;

/** What the area of a snapshot takes in which all of it can change, no less. */
function areaOf(size: number): number {
  return size + Math.ceil(size / CHUNK) * NOTE;
}

function freeIn(groups: readonly Group[], name: string): number {
  return groups.find((group) => group.name === name)?.free ?? 0;
}

/** The volume group of a host whose disks LVM keeps. */
export function groupOf({ keywords }: Pick<Host, 'keywords'>): string {
  return String(keywords['lvm_vg']);
}

/** The thin pool that a host's volumes are taken from; null: they are thick. */
export function poolOf({ keywords }: Pick<Host, 'keywords'>): string | null {
  const pool = keywords['lvm_thin_pool'];
  return pool === undefined ? null : String(pool);
}

function deviceOf(group: string, name: string): string {
  return `/dev/${group}/${name}`;
}

/** LVM would remove snapshots that are not thin with what they stand on, unasked, and lets neither grow. */
function requireAlone(volume: Volume, seen: Seen): void {
  const standing = seen.standingOn(volume.name);
  if (standing.length > 0) throw stoodOn(volume, standing);
}

/** The error for a volume that snapshots stand on. */
export function stoodOn({ group, name }: Volume, standing: readonly Volume[]): Error {
  const names = standing.map((each) => each.name);
  return failure(
    'MLN_IMAGE_IN_USE',
    `the volume ${group}/${name} is neither removed nor made larger: snapshots stand on it: ${names.join(', ')}`,
    { hint: `lvremove ${names.map((each) => `${group}/${each}`).join(' ')} gives them up` },
  );
}
