import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import { statusesOf } from './monitor.js';
import type { Host, Project } from './project.js';
import type { Status } from './status.js';

/** The file in a host's folder in which back ends keep its memory. */
const FILE = 'memory.save';

/**
 * Throws MLN_MEMORY_SAVED where a host's memory is saved: it goes with the disks as they are now, and a guest that goes
 * on with disks that have changed since destroys them.
 */
export function refuseSaved(project: Project, { name }: Host, status: Status | undefined): void {
  if (!status?.saved) return;
  const chosen = `-p ${project.name} -h ${name}`;
  throw failure('MLN_MEMORY_SAVED', `the memory of ${name}.${project.name} is saved: its disks must stay as they are`, {
    hint: `mln start ${chosen} goes on with it, and mln stop ${chosen} shuts it down then; rm ${join(project.directory, name, FILE)} gives the memory up`,
  });
}

/** Whether a host's memory lies in its folder: nobody is asked. */
export function keepsMemory({ directory }: Project, host: string): boolean {
  return existsSync(join(directory, host, FILE));
}

/** What a question is to say of memory that goes with a project's disks; nothing where none is saved. */
export async function lossOfMemory(mln: Mln, project: Project): Promise<string> {
  const statuses = await statusesOf(mln, project, project.hosts);
  const names = project.hosts.map(({ name }) => name).filter((name) => statuses.get(name)?.saved);
  return names.length === 0 ? '' : ` The saved memory of ${names.join(', ')} is lost too.`;
}
