import { expect } from '@jest/globals';
import { createGuest, type Guest } from '../src/guest.js';
import { memoryFilesystem } from '../src/testing/memory-filesystem.js';
import { fakeProject } from './fake-project.js';

export type Files = Readonly<Record<string, string>>;

export const guestOf = (files: Files): Guest => createGuest(memoryFilesystem(files), fakeProject());

/** Makes changes twice, each time in a new guest, and tells what the filesystem holds; the second time changes nothing. */
export async function after(files: Files, change: (guest: Guest) => Promise<void>): Promise<string[]> {
  const filesystem = memoryFilesystem(files);
  for (const expected of [expect.any(Array), []]) {
    const guest = createGuest(filesystem, fakeProject());
    await change(guest);
    const edits = await guest.edits();
    expect(edits).toEqual(expected);
    await filesystem.apply(edits);
  }
  return filesystem.outline();
}

/** The paths that edits touch, with what is done to them. */
export async function editsOf(files: Files, change: (guest: Guest) => Promise<void>): Promise<string[]> {
  const guest = guestOf(files);
  await change(guest);
  return (await guest.edits()).map((edit) => `${edit.do} ${edit.path}`);
}
