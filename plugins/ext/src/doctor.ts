import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MiB,
  missingPrograms,
  programsCheck,
  type Checks,
  type Edit,
  type Finding,
  type Mln,
  type Scratch,
} from '@mln/core';
import { extFilesystem } from './ext-filesystem.js';

const group = 'disks of guests (ext2, ext3, ext4)';
const SIZE = 4 * MiB;

/** What guests’ filesystems are made, edited and checked with. */
export function addChecks(checks: Checks, mln: Mln): void {
  checks.add(
    programsCheck(mln, {
      id: 'e2fsprogs',
      group,
      title: 'e2fsprogs',
      need: 'always',
      programs: ['mke2fs', 'debugfs', 'e2fsck', 'resize2fs', 'e2image', 'flock'],
      version: ['debugfs', '-V'],
    }),
    { id: 'image', group, title: 'an image', need: 'always', run: (scratch) => tryImage(mln, scratch) },
  );
}

/** An image is made, written into, grown, checked and read, as a build does it. */
async function tryImage(mln: Mln, scratch: Scratch): Promise<Finding> {
  const missing = await missingPrograms(mln, ['mke2fs', 'debugfs', 'e2fsck', 'resize2fs']);
  if (missing.length > 0) return { state: 'missing', detail: `not tried: without ${missing.join(', ')}` };
  const image = join(await scratch.folder(), 'image');
  await writeFile(image, '', { mode: 0o600 });
  await truncate(image, SIZE);
  await mln.shell('mke2fs', ['-q', '-F', '-t', 'ext4', image], { timeout: 5000 });
  const filesystem = extFilesystem(image, mln.shell, mln.talk);
  const content = Buffer.from('written by mln doctor\n');
  const file: Edit = { do: 'file', path: '/probe', content, mode: 0o640, owner: 1000, group: 1000, replaces: false };
  await filesystem.apply([file]);
  await truncate(image, 2 * SIZE);
  await filesystem.grow();
  await filesystem.check();
  return (await filesystem.read(file.path)).equals(content)
    ? { state: 'ok', detail: 'is made, edited, grown and checked' }
    : {
        state: 'missing',
        detail: 'what is written into an image is not read back',
        remedy: 'install another version of e2fsprogs',
      };
}
