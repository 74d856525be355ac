import { statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { failure, isMlnError, MlnError, Problems, systemFailure } from './errors.js';
import { makeFolder } from './files.js';
import type { Filesystem, Trial } from './filesystem.js';
import { useOf } from './image-use.js';
import type { Mln } from './kernel.js';
import { noFilesystem, type Plan, type PlannedDisk, type PlannedImage, type PlannedUnit } from './plan.js';
import type { Host, Project } from './project.js';
import { writeStretches } from './sparse.js';
import { requireRoom } from './room.js';
import { copyImage, type Store } from './store.js';
import { announceUser } from './template-users.js';
import { upgradeFolder } from './upgrade/places.js';

/** Makes the disks of a plan, in the folder that its project has while it is built. */
export interface DiskBuilder {
  build(planned: PlannedUnit): Promise<void>;
  /** Lets go of what was held for further disks. */
  end(): void;
}

/** Makes ready: images that disks will stand on are made, and templates are told of the disks that will stand on them. */
export async function createDiskBuilder(mln: Mln, plan: Plan, project: Project): Promise<DiskBuilder> {
  refuseImagesInUse(plan);
  await requireRoom(mln, plan, project);
  for (const image of plan.images) await buildImage(mln, image, project);
  const standsOn = plan.units.flatMap(({ disks }) => disks.flatMap(({ disk }) => disk.standsOn ?? []));
  for (const image of new Set(standsOn))
    if (isAbsolute(image)) {
      const directory = join(mln.folders.projects, project.name);
      // An upgrade is made in the project's own folder, which stays.
      const folder = project.directory === upgradeFolder(directory) ? directory : project.directory;
      await announceUser(dirname(image), directory, folder);
    }
  const trials = new Map<string, Promise<Trial | null>>();
  const identities = new Map<string, string>();
  const trialOf = (image: string): Promise<Trial | null> => {
    const path = isAbsolute(image) ? image : join(project.directory, image);
    if (!identities.has(image)) identities.set(image, identityOf(path));
    const trial = trials.get(image) ?? beginTrial(mln, path);
    trials.set(image, trial);
    return trial;
  };
  return {
    async build({ unit, disks, edits }) {
      if (unit.kind === 'switch') return;
      for (const planned of disks)
        try {
          await buildDisk({ mln, host: unit, planned, project, edits, trialOf, identities });
        } catch (error) {
          throw forHost(error, unit);
        }
    },
    end() {
      for (const trial of trials.values())
        trial.then(
          (each) => each?.end(),
          () => undefined,
        );
    },
  };
}

/** Images that were there are edited in their places: nobody else may have them open, and no two hosts one of them. */
function refuseImagesInUse({ units }: Plan): void {
  const problems = new Problems();
  const owners = new Map<string, string>();
  for (const { unit } of units) {
    if (unit.kind === 'switch') continue;
    for (const { existing, mount, path } of unit.disks) {
      if (!existing || mount?.type === 'hostfs') continue;
      const owner = owners.get(path);
      owners.set(path, unit.name);
      const use = owner === undefined ? useOf(path) : `it is a disk of ${owner}`;
      if (use !== null)
        problems.error('MLN_IMAGE_IN_USE', `${unit.name}: the image ${path} is in use: ${use}`, {
          place: unit.lines?.filesystem ?? unit.place ?? undefined,
          hint: 'nothing was changed; give each host an image of its own, and stop what uses it',
        });
    }
  }
  problems.throwErrors();
}

interface Building {
  readonly mln: Mln;
  readonly host: Host;
  readonly planned: PlannedDisk;
  readonly project: Project;
  readonly edits: PlannedUnit['edits'];
  trialOf(image: string): Promise<Trial | null>;
  /** What images were when their trials began. */
  readonly identities: ReadonlyMap<string, string>;
}

/** Tells an image from another of its name, and from itself with other bytes. */
function identityOf(image: string): string {
  const found = statSync(image, { throwIfNoEntry: false });
  return found ? [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ') : 'gone';
}

async function buildDisk(building: Building): Promise<void> {
  const { mln, host, planned, project, edits } = building;
  const { disk, template, size } = planned;
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store) throw failure('MLN_NO_CLAIM', `no plug-in keeps disks as ${disk.store}`);
  if (disk.standsOn !== undefined) await buildOver(building, store, disk.standsOn);
  else if (template?.size === size) await buildCopy(building, store, template.path);
  else {
    if (!disk.existing) await store.create(template?.path ?? null, size);
    else if (disk.mount?.type !== 'hostfs' && !(await store.exists()))
      throw failure('MLN_NO_FILE', `there is no disk ${store.path}`);
    if (disk.role === 'swap') {
      // mkswap writes one page, and does not say so where the disk is full.
      writeStretches(store.path, [{ at: 0, bytes: Buffer.alloc(4096) }]);
      await mln.shell('mkswap', [store.path]);
    }
    if (disk.role === 'root') await configure(mln, store.path, edits, template !== null);
  }
  const { owner, group } = host.keywords;
  if (!disk.existing && (owner !== undefined || group !== undefined))
    await mln.shell('chown', ['--', `${owner ?? ''}${group === undefined ? '' : `:${group}`}`, store.path]);
}

/** The disk holds what the guest's edits change in the image: nothing else is read or written. */
async function buildOver(building: Building, store: Store, image: string): Promise<void> {
  const trial = await building.trialOf(image);
  if (!trial || !store.createOver) throw failure('MLN_NO_CLAIM', `${store.path} cannot stand on ${image}`);
  await store.createOver(image, await trial.changes(building.edits));
}

/** A copy as large as its template gets what edits change in it, which is found out while it is made. */
async function buildCopy(building: Building, store: Store, template: string): Promise<void> {
  const { mln, planned, edits } = building;
  const trial = await building.trialOf(template);
  const made = store.create(template, planned.size);
  if (!trial) return made.then(() => configure(mln, store.path, edits, false));
  const [changes, created] = await Promise.allSettled([trial.changes(edits, true), made]);
  if (created.status === 'rejected') throw created.reason as Error;
  if (changes.status === 'rejected') throw changes.reason as Error;
  if (identityOf(template) !== building.identities.get(template))
    throw failure('MLN_TEMPLATE_CHANGED', `the template ${template} has changed while disks were made from it`, {
      hint: 'build again',
    });
  writeStretches(store.path, changes.value);
}

/** Edits a disk itself; it has grown beyond its template, or is one that was there. */
async function configure(mln: Mln, path: string, edits: PlannedUnit['edits'], grown: boolean): Promise<void> {
  const filesystem = await filesystemOf(mln, path);
  if (grown) await filesystem.grow();
  await filesystem.apply(edits);
  await filesystem.check();
}

async function beginTrial(mln: Mln, image: string): Promise<Trial | null> {
  const filesystem = await filesystemOf(mln, image);
  return filesystem.trial?.() ?? null;
}

/** The filesystem in an image or device, which must be one that a plug-in reads. */
export async function filesystemOf(mln: Mln, path: string): Promise<Filesystem> {
  const filesystem = await mln.hooks.filesystem.promise(path);
  if (!filesystem) throw noFilesystem(path);
  return filesystem;
}

/** A project's own image: a copy of a template, as large as the disks that will stand on it. It is not changed any more. */
async function buildImage(mln: Mln, { path, template, size }: PlannedImage, project: Project): Promise<void> {
  const image = join(project.directory, path);
  await makeFolder(dirname(image));
  try {
    await copyImage(template.path, image, size, mln.shell);
    const filesystem = await filesystemOf(mln, image);
    if (size > template.size) await filesystem.grow();
    await filesystem.check();
    await chmod(image, 0o444);
  } catch (error) {
    throw systemFailure(error, `${image} cannot be made`);
  }
}

/** Who makes or edits a disk does not know whose it is. */
function forHost(error: unknown, host: Host): unknown {
  if (!isMlnError(error)) return error;
  const problems = error.problems.map((problem) => ({
    ...problem,
    message: `${host.name}: ${problem.message}`,
    place: problem.place ?? host.place ?? undefined,
  }));
  return new MlnError(problems, { cause: error });
}
