import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, type Problems } from './errors.js';
import type { Filesystem } from './filesystem.js';
import type { Mln } from './kernel.js';
import type { PlannedImage } from './plan.js';
import type { Disk, Host, Project } from './project.js';
import type { Template } from './templates.js';
import { formatSize } from './values.js';

/** The folder of a project's own images, in the project's folder. */
export const IMAGES = 'images';

interface Sharing {
  readonly mln: Mln;
  readonly project: Project;
  readonly images: Map<string, PlannedImage>;
  readonly problems: Problems;
}

interface Wanted {
  readonly template: Template;
  /** That of the template. */
  readonly filesystem: Filesystem;
  /** Bytes of the disk. */
  readonly size: number;
}

/** A disk as it will be built: over the image that it is to share, or on its own where it cannot share its template. */
export function shared(sharing: Sharing, host: Host, disk: Disk, wanted: Wanted): Disk {
  const { share, ...own } = disk;
  if (!share) return disk;
  const { template, filesystem, size } = wanted;
  const obstacle = obstacleTo(sharing, host, disk, filesystem);
  if (share.image !== null) {
    if (obstacle !== null)
      throw failure(
        'MLN_UNSUPPORTED',
        `${host.name}: no disk can stand on the template ${template.path}: ${obstacle}`,
        {
          place: host.lines?.template ?? host.place ?? undefined,
          hint: 'an image that mke2fs -t ext4 -b 4096 makes can be shared',
        },
      );
    return { ...own, standsOn: ownImage(sharing, host, share.image, wanted) };
  }
  if (obstacle === null && size === template.size && keeps(sharing, template))
    return { ...own, standsOn: template.path };
  if (obstacle !== null)
    sharing.problems.warning(
      'MLN_UNSUPPORTED',
      `disks are whole copies of the template ${template.path}: ${obstacle}`,
      {
        hint: 'an image that mke2fs -t ext4 -b 4096 makes can be shared',
      },
    );
  return { ...own, store: 'file' };
}

/** Why no disk of a store can stand on an image with this filesystem; null where one can. */
function obstacleTo({ mln, project }: Sharing, host: Host, disk: Disk, filesystem: Filesystem): string | null {
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store?.createOver) return `disks that are kept as ${disk.store} stand on nothing`;
  if (!filesystem.trial) return 'no plug-in can tell what edits would change in its filesystem';
  const { blockSize = Infinity } = filesystem;
  if (blockSize < (store.leastBlock ?? 0))
    return `its filesystem has blocks of ${blockSize} bytes, and not of ${store.leastBlock ?? 0}`;
  return null;
}

/** The project's own image of a name; all who share it agree on what it is. */
function ownImage({ images }: Sharing, host: Host, name: string, { template, size }: Wanted): string {
  const path = `${IMAGES}/${name}`;
  const known = images.get(name) ?? { path, template, size };
  images.set(name, known);
  if (known.template.path !== template.path || known.size !== size)
    throw failure(
      'MLN_BAD_VALUE',
      `${host.name}: all disks that share the image ${name} are of one template and size: ${formatSize(size)} of ${template.path} here, ${formatSize(known.size)} of ${known.template.path} there`,
      { place: host.place ?? undefined, hint: 'give one of the images another name' },
    );
  return path;
}

/** Whether a template stays as it is while disks stand on it: the repository sees to that, where it can be told of them. */
function keeps({ problems }: Sharing, { manifest, path }: Template): boolean {
  if (!manifest) return false;
  const users = join(dirname(path), 'users');
  const folder = existsSync(users) ? users : dirname(path);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    problems.warning(
      'MLN_UNSUPPORTED',
      `disks are whole copies of the template ${path}: nobody could be told of them, as ${folder} may not be written`,
      { hint: 'whoever may write there gets disks that share the image' },
    );
    return false;
  }
}
