import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemFailure } from './errors.js';
import type { Shell } from './shell.js';

type Packing = 'gz' | 'xz' | 'zst';

/** The first bytes of packed files: RFC 1952, the .xz format 1.2, RFC 8878. An image of a filesystem begins with none of them. */
const magic: readonly (readonly [Packing, Buffer])[] = [
  ['gz', Buffer.from('1f8b', 'hex')],
  ['xz', Buffer.from('fd377a585a00', 'hex')],
  ['zst', Buffer.from('28b52ffd', 'hex')],
];

/** Makes an image of a file: unpacks it where it is packed, else copies it; with holes where there are zeros. */
export async function storeImage(file: string, image: string, shell: Shell): Promise<void> {
  const packing = await packingOf(file);
  if (packing === null) await shell('cp', ['--sparse=always', '--reflink=auto', '--', file, image]);
  else if (packing === 'zst') await shell('zstd', ['-d', '-q', '-f', '--long=31', '--sparse', '-o', image, '--', file]);
  else await unpackBeside(file, image, packing, shell);
}

/** xz and gunzip write to the name that they are given without its ending. */
async function unpackBeside(file: string, image: string, packing: 'gz' | 'xz', shell: Shell): Promise<void> {
  const link = `${image}.${packing}`;
  await symlink(resolve(file), link);
  await shell(packing === 'xz' ? 'xz' : 'gzip', ['-d', '-k', '-f', '-q', '--', link]);
  await rm(link);
  // gzip makes no holes; where the filesystem cannot have them, the image stays as it is.
  if (packing === 'gz') await shell('fallocate', ['--dig-holes', image], { accept: [0, 1] });
}

async function packingOf(file: string): Promise<Packing | null> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    const head = buffer.subarray(0, bytesRead);
    return magic.find(([, bytes]) => head.subarray(0, bytes.length).equals(bytes))?.[0] ?? null;
  } finally {
    await handle.close();
  }
}

/** The SHA-256 of a file, hexadecimal. */
export async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw systemFailure(error, `${path} cannot be read`);
  }
  return hash.digest('hex');
}
