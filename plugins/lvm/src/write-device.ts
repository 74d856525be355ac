import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { systemFailure, type Stretch } from '@mln/core';

/** Writes stretches onto a device, and brings them onto the physical disk. */
export function writeDevice(path: string, stretches: readonly Stretch[]): void {
  try {
    const file = openSync(path, 'r+');
    try {
      for (const { at, bytes } of stretches)
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw systemFailure(error, `the device ${path} cannot be written`);
  }
}
