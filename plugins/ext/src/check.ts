import { statSync } from 'node:fs';
import { failure, type Shell } from '@mln/core';
import { sizesOf } from './superblock.js';

/** Throws unless e2fsck(8) finds an image whole; told is its name, or that of the image that it is a copy of. */
export async function check(
  image: string,
  shell: Shell,
  told = image,
  hint = `e2fsck -f ${image} may mend it`,
): Promise<void> {
  const { exitCode, stdout, stderr } = await shell('e2fsck', ['-fn', image], { accept: [0, 1, 2, 4, 8, 12, 16, 32] });
  const said = stdout + stderr;
  // With -n these are only remarked on. A kernel would replay such a journal over what was edited since.
  const remark = /^.*(?:The physical size of the device is|skipping journal recovery).*$/m.exec(said)?.[0];
  if (exitCode !== 0 || remark !== undefined)
    throw failure('MLN_GUEST_EDIT', `the filesystem of ${told} is not whole: ${remark ?? lastLines(said)}`, { hint });
}

/** Throws where an image is shorter than its filesystem. */
export function requireLength(image: string): void {
  const found = statSync(image);
  const wanted = sizesOf(image)?.filesystem ?? 0;
  if (found.isFile() && found.size < wanted)
    throw failure('MLN_GUEST_EDIT', `the image ${image} is cut off: it has ${found.size} of ${wanted} bytes`);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ');
}
