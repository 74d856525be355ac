import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { planGuest, readRecord, writeRecord } from '../guest-record.js';
import type { Mln } from '../kernel.js';
import { statusesOf } from '../monitor.js';
import type { Host, Project } from '../project.js';
import { keepsMemory } from '../saved.js';
import { readStateIn, writeState } from '../state.js';
import { openPresent, unpatch } from './disk.js';
import { storeOf } from './edit.js';

/** What was overwritten by the edits of a host that is about to start, beside its disk. */
const UNDO = 'pending.undo';

/**
 * Brings the files of guests up to date that ran while the project was upgraded, before they start. Those that run by now, or
 * whose memory is saved, wait for a later start.
 */
export async function applyPending(mln: Mln, directory: string, names: readonly string[]): Promise<void> {
  const state = await readStateIn(directory);
  const waiting = state?.project.hosts.filter(({ name }) => state.pending.includes(name) && names.includes(name)) ?? [];
  if (!state || waiting.length === 0) return;
  const { project } = state;
  const statuses = await statusesOf(mln, project, waiting);
  let pending = state.pending;
  for (const host of waiting) {
    if (statuses.get(host.name)?.state !== 'down' || keepsMemory(project, host.name)) continue;
    await update(mln, project, host);
    pending = pending.filter((name) => name !== host.name);
    await writeState(directory, { ...state, pending });
  }
}

async function update(mln: Mln, project: Project, host: Host): Promise<void> {
  const { directory } = project;
  const disk = host.disks.find(({ role }) => role === 'root');
  const record = await readRecord(directory, host.name);
  if (!disk || !record) return;
  const store = storeOf(mln, disk, host, project);
  const undo = join(directory, host.name, UNDO);
  if (existsSync(undo)) await unpatch(store, undo);
  const present = await openPresent(mln, store, join(directory, host.name, 'pending.image'));
  try {
    const planned = await planGuest(mln, project, host, present.filesystem, { host, record });
    await present.patch(planned.edits, undo);
    await writeRecord(directory, host.name, planned.record);
    await rm(undo, { force: true });
  } finally {
    await present.close();
  }
}
