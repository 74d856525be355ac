import { planGuest, type GuestRecord } from '../src/guest-record.js';
import type { Edit } from '../src/filesystem.js';
import type { Guest } from '../src/guest.js';
import type { Mln } from '../src/kernel.js';
import type { MemoryFilesystem } from '../src/testing/memory-filesystem.js';
import { kernel, plugin } from './bare-kernel.js';
import { fakeHost, fakeProject } from './fake-project.js';

export type Change = (guest: Guest) => Promise<void>;

export const project = fakeProject();
export const host = fakeHost('web');

let current: readonly Change[] = [];
const half = (): number => Math.ceil(current.length / 2);
const tap = (name: string, own: () => readonly Change[]): Parameters<typeof kernel>[0][number] =>
  plugin(name, `/${name}.js`, (mln) => {
    mln.hooks.configureFilesystem.tapPromise(name, async (guest) => {
      for (const change of own()) await change(guest);
    });
  });
const mln = await kernel([tap('first', () => current.slice(0, half())), tap('second', () => current.slice(half()))]);

/** A kernel in which two plug-ins make these changes, one after the other, until other ones are given. */
export function configuring(changes: readonly Change[]): Mln {
  current = changes;
  return mln;
}

export async function build(template: MemoryFilesystem, changes: readonly Change[]): Promise<GuestRecord> {
  const { edits, record } = await planGuest(configuring(changes), project, host, template, null);
  template.edit(edits);
  return record;
}

/** Gives the record, and how many edits there were. */
export async function upgrade(
  disk: MemoryFilesystem,
  record: GuestRecord,
  changes: readonly Change[],
): Promise<{ record: GuestRecord; edits: number }> {
  const planned = await planGuest(configuring(changes), project, host, disk, { host, record });
  disk.edit(planned.edits);
  return { record: planned.record, edits: planned.edits.length };
}

export const template = {
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  '/etc/conf': 'one\ntwo\nthree',
  '/etc/link': '→conf',
  '/etc/app/a': 'a\n',
  '/etc/app/sub/b': 'b\n',
  '/srv/': '',
  '/bin/tool': '\0\x01binary',
};

export const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');

export const append =
  (text: string, to = '/etc/hosts'): Change =>
  (guest) =>
    guest.append(to, text);
export const write =
  (text: string, to = '/etc/hosts'): Change =>
  (guest) =>
    guest.write(to, text);
/** What the guest itself writes. */
export function fileEdit(path: string, text: string, replaces = true): Edit {
  return { do: 'file', path, content: Buffer.from(text), mode: 0o644, owner: 0, group: 0, replaces };
}
