import { failure, formatSize, isMlnError, type Shell } from '@mln/core';

/** The fewest bytes that resize2fs(8) makes the filesystem of an image of. */
export async function minimumSize(image: string, shell: Shell): Promise<number> {
  const { stdout } = await shell('resize2fs', ['-P', image]);
  const blocks = Number(/minimum size of the filesystem: (\d+)/.exec(stdout)?.[1]);
  return blocks * (await blockSizeOf(image, shell));
}

/** Makes a filesystem as large as its image or device. */
export async function grow(image: string, shell: Shell): Promise<void> {
  await waitFor(image, shell);
  await shell('e2fsck', ['-fp', image], { accept: [0, 1] });
  await shell('flock', [image, 'resize2fs', image]);
}

/** Makes a filesystem smaller, to so many bytes, whole blocks; it is not touched where it does not fit. */
export async function shrink(image: string, size: number, shell: Shell): Promise<void> {
  await waitFor(image, shell);
  const least = await minimumSize(image, shell);
  if (least > size) throw tooSmall(image, size, least);
  await shell('flock', [image, 'e2fsck', '-fp', image], { accept: [0, 1] });
  // Without a letter behind it, the size is told in blocks.
  const blocks = Math.floor(size / (await blockSizeOf(image, shell)));
  try {
    await shell('flock', [image, 'resize2fs', image, String(blocks)]);
  } catch (error) {
    if (isMlnError(error) && /smaller than minimum|No space left|Not enough space/i.test(error.message))
      throw tooSmall(image, size, least, error);
    throw error;
  }
}

/** One that an mln began and that outlives it is waited for: two at once destroy a filesystem. */
export async function waitFor(image: string, shell: Shell): Promise<void> {
  await shell('flock', [image, 'true']);
}

async function blockSizeOf(image: string, shell: Shell): Promise<number> {
  const { stdout } = await shell('dumpe2fs', ['-h', image]);
  return Number(/^Block size:\s+(\d+)$/m.exec(stdout)?.[1]);
}

function tooSmall(image: string, size: number, least: number, cause?: unknown): Error {
  return failure(
    'MLN_NO_SPACE',
    `the filesystem of ${image} cannot be made as small as ${formatSize(size)}: what it holds takes ${formatSize(least)}`,
    { cause, hint: `give it at least ${least} bytes, or remove something in it` },
  );
}
