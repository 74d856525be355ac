import { failure, type Shell } from '@mln/core';
import { waitFor } from './resize.js';
import { wasCutOff } from './superblock.js';

/** What e2fsck(8) ends with where it has left errors: bits of its exit code. */
const LEFT = 4;

/**
 * Carries out what a guest that was killed has left in its journal, and puts right what a kernel does then: it removes
 * files that were deleted and still open. Tells whether there was anything.
 */
export async function replay(image: string, shell: Shell): Promise<boolean> {
  await waitFor(image, shell);
  if (!wasCutOff(image)) return false;
  const accept = [0, 1, 2, 3, 4, 5, 6, 7];
  const { exitCode, stdout, stderr } = await shell('flock', [image, 'e2fsck', '-p', image], { accept });
  if ((exitCode & LEFT) !== 0)
    throw failure('MLN_GUEST_EDIT', `the filesystem of ${image} is damaged: ${(stdout + stderr).trim()}`, {
      hint: `make a copy of it; then e2fsck -f ${image} mends it, asking what is to be done`,
    });
  return true;
}
