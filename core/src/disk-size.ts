import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { failure, systemFailure } from './errors.js';

/** Bytes that the kernel counts a block device in, whatever its own sectors are. */
const SECTOR = 512;

/** How many bytes a disk has: a file, or a block device, whose size sysfs tells. */
export async function diskSize(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
    if (!found.isBlockDevice()) throw failure('MLN_IO', `${path} is neither a file nor a block device`);
    // The parts of its number are spread as makedev(3) has it.
    const major = Math.floor(found.rdev / 256) % 4096;
    const minor = (found.rdev % 256) + Math.floor(found.rdev / 2 ** 20) * 256;
    return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * SECTOR;
  } catch (error) {
    throw systemFailure(error, `the size of the disk ${path} cannot be told`);
  }
}
