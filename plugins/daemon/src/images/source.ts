import { existsSync } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  diskSize,
  failure,
  heldScript,
  makeFolder,
  recordPath,
  systemFailure,
  upgradeFolder,
  type Host,
  type Mln,
  type Project,
} from '@mln/core';
import type { SentImage } from './send-image.js';
import { MOST_RECORD } from './wire.js';

/** Whether the disk is that of a guest which may run, or is given away for good. */
export interface Giving {
  readonly preCopy: boolean;
}

/** The root disk of a host that mln has made; undefined where there is none. */
export function rootDisk({ disks }: Host): Host['disks'][number] | undefined {
  return disks.find(({ role, existing }) => role === 'root' && !existing);
}

/** Throws where the disk of a host is not to be sent: one that runs is so only ahead of its move. */
export function requireGiven({ directory }: Project, host: string, { preCopy }: Giving): void {
  if (preCopy || (existsSync(heldScript(directory, host)) && !existsSync(join(directory, host, 'start')))) return;
  throw failure('MLN_NOT_ALLOWED', `${host} is not given away: its disk is not sent`, {
    hint: 'mln migrate, or an upgrade whose file names another service_host, moves it',
  });
}

/**
 * Opens the root disk of a host that is here, to be sent whole. One that stands on an image is made whole in a file of its
 * own first; that of a host which is given away is kept until the upgrade ends, for a transfer that is gone on with.
 */
export async function openSource(
  mln: Mln,
  project: Project,
  name: string,
  giving: Giving,
): Promise<SentImage & { close(): Promise<void> }> {
  const host = project.hosts.find((each) => each.name === name);
  const disk = host && rootDisk(host);
  if (!host || !disk) throw failure('MLN_NO_UNIT', `${project.name} has no host ${name} whose disk could be sent`);
  requireGiven(project, name, giving);
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store)
    throw failure('MLN_NO_CLAIM', `no plug-in that is loaded keeps disks as ${disk.store}, as ${name} has one`, {
      hint: 'load the plug-in that made it: mln plugin list tells which are there',
    });
  const record = giving.preCopy ? null : await readRecordFile(recordPath(project.directory, name));
  if (!store.flatten || disk.standsOn === undefined) {
    const size = await diskSize(store.path);
    return { path: store.path, size, record, close: () => Promise.resolve() };
  }
  const folder = upgradeFolder(project.directory);
  const whole = join(folder, `.${name}.${giving.preCopy ? 'ahead' : 'whole'}`);
  if (giving.preCopy || !existsSync(whole)) {
    await makeFolder(folder);
    await rm(`${whole}.part`, { force: true });
    await store.flatten(`${whole}.part`);
    await rename(`${whole}.part`, whole);
  }
  const size = await diskSize(whole);
  return { path: whole, size, record, close: () => (giving.preCopy ? rm(whole, { force: true }) : Promise.resolve()) };
}

async function readRecordFile(path: string): Promise<Buffer | null> {
  try {
    const { size } = await stat(path);
    if (size <= MOST_RECORD) return await readFile(path);
    throw failure('MLN_IO', `${path} is too large to be sent`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw systemFailure(error, `${path} cannot be read`);
  }
}
