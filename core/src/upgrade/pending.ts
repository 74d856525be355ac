import { existsSync } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMlnError } from '../errors.js';
import { syncFolder } from '../files.js';
import { planGuest, readRecord, recordPath, writeRecord } from '../guest-record.js';
import type { Mln } from '../kernel.js';
import { statusesOf } from '../monitor.js';
import type { Failure } from '../operation.js';
import type { Host, Project } from '../project.js';
import { keepsMemory } from '../saved.js';
import { readStateIn, writeState } from '../state.js';
import { openPresent, unpatch } from './disk.js';
import { storeOf } from './edit.js';
import { hold, letGo } from './hold.js';

/** What the edits of a host that is about to start overwrite, and its record as it was: beside its disk. */
const UNDO = 'pending.undo';
const RECORD = 'pending.guest';

/**
 * Brings the files of guests up to date that ran while the project was upgraded, before they start. Those that run by now, or
 * whose memory is saved, wait for a later start. Gives those with which it failed: they are as they were.
 */
export async function applyPending(mln: Mln, directory: string, names: readonly string[]): Promise<readonly Failure[]> {
  const state = await readStateIn(directory);
  const waiting = state?.project.hosts.filter(({ name }) => state.pending.includes(name) && names.includes(name)) ?? [];
  if (!state || waiting.length === 0) return [];
  const { project } = state;
  const statuses = await statusesOf(mln, project, waiting);
  const failures: Failure[] = [];
  let pending = state.pending;
  for (const host of waiting) {
    if (statuses.get(host.name)?.state !== 'down' || keepsMemory(project, host.name)) continue;
    try {
      await update(mln, project, host);
    } catch (error) {
      if (!isMlnError(error)) throw error;
      failures.push(...error.problems.map((problem) => ({ unit: host.name, problem })));
      continue;
    }
    pending = pending.filter((name) => name !== host.name);
    await writeState(directory, { ...state, pending });
  }
  return failures;
}

async function update(mln: Mln, project: Project, host: Host): Promise<void> {
  const { directory } = project;
  const folder = join(directory, host.name);
  const disk = host.disks.find(({ role }) => role === 'root');
  const record = await takenBack(mln, project, host);
  if (!disk || !record) return;
  const store = storeOf(mln, disk, host, project);
  await hold(mln, project, host);
  try {
    const present = await openPresent(mln, store, join(folder, 'pending.image'));
    try {
      const planned = await planGuest(mln, project, host, present.filesystem, { host, record });
      await copyFile(recordPath(directory, host.name), join(folder, RECORD));
      await syncFolder(folder);
      await present.patch(planned.edits, join(folder, UNDO));
      await writeRecord(directory, host.name, planned.record);
      await mln.shell('sync', ['--', recordPath(directory, host.name), folder]);
      await rm(join(folder, UNDO), { force: true });
      await rm(join(folder, RECORD), { force: true });
    } finally {
      await present.close();
    }
  } finally {
    await letGo(directory, host.name);
  }
}

/** The host's record, once what was cut off is taken back. */
async function takenBack(mln: Mln, project: Project, host: Host): ReturnType<typeof readRecord> {
  const { directory } = project;
  const [undo, record] = [UNDO, RECORD].map((name) => join(directory, host.name, name));
  const disk = host.disks.find(({ role }) => role === 'root');
  if (disk && undo !== undefined && record !== undefined && existsSync(undo)) {
    await hold(mln, project, host);
    await unpatch(storeOf(mln, disk, host, project), undo);
    if (existsSync(record)) await rename(record, recordPath(directory, host.name));
  }
  if (record !== undefined) await rm(record, { force: true });
  await letGo(directory, host.name);
  return readRecord(directory, host.name);
}
