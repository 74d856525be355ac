import { failure, type Shell } from '@mln/core';

/** Throws unless e2fsck(8) finds an image whole; told is its name, or that of the image that it is a copy of. */
export async function check(
  image: string,
  shell: Shell,
  told = image,
  hint = `e2fsck -f ${image} may mend it`,
): Promise<void> {
  const { exitCode, stdout, stderr } = await shell('e2fsck', ['-fn', image], { accept: [0, 1, 2, 4, 8, 12, 16, 32] });
  // With -n an image that is cut off is only remarked on.
  if (exitCode !== 0 || /^The physical size of the device is/m.test(stdout))
    throw failure('MLN_GUEST_EDIT', `the filesystem of ${told} is not whole: ${lastLines(stdout + stderr)}`, {
      hint,
    });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ');
}
