import { failure } from './errors.js';
import type { Mln } from './kernel.js';
import { statusesOf } from './monitor.js';
import type { Host, Project } from './project.js';
import { refuseSaved } from './saved.js';

/** Throws unless a host is known not to run, and has no saved memory: only then may its disks be changed. */
export async function requireDown(mln: Mln, project: Project, host: Host): Promise<void> {
  const { name } = host;
  const status = (await statusesOf(mln, project, [host])).get(name);
  refuseSaved(project, host, status);
  if (status?.state === 'down') return;
  throw failure('MLN_PROJECT_RUNS', `${name} runs, or it is not known that it does not: its disk is in use`, {
    hint: `mln stop -p ${project.name} -h ${name}`,
  });
}
