import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from '../errors.js';
import { syncFolder } from '../files.js';
import type { Mln } from '../kernel.js';
import type { Host, Project } from '../project.js';
import { requireDown } from '../require-down.js';
import { heldScript, startScript } from './places.js';

/** Sees to it that nobody starts a host, by its script neither, until it is let go. Throws where it runs. */
export async function hold(mln: Mln, project: Project, host: Host): Promise<void> {
  const { directory } = project;
  const [start, held] = [startScript(directory, host.name), heldScript(directory, host.name)];
  await requireDown(mln, project, host);
  if (existsSync(start)) {
    // Where its main process was killed, others may still write. The scripts themselves need the one that starts.
    await mln.shell(join(directory, host.name, 'stop'), ['clean'], { cwd: directory });
    try {
      await rename(start, held);
      await syncFolder(join(directory, host.name));
    } catch (error) {
      throw systemFailure(error, `${start} cannot be renamed`);
    }
  }
  try {
    // It may have been started in between.
    await requireDown(mln, project, host);
  } catch (error) {
    await letGo(directory, host.name);
    throw error;
  }
}

/** Whoever wants to may start it again. */
export async function letGo(directory: string, host: string): Promise<void> {
  const [start, held] = [startScript(directory, host), heldScript(directory, host)];
  if (existsSync(held)) await rename(held, start);
}
