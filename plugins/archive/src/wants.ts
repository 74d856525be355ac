import {
  failure,
  isHere,
  loadPortable,
  unitsOf,
  type CommandContext,
  type CommandOptions,
  type Mln,
  type Project,
} from '@mln/core';
import { refuse, type Contents } from './contents.js';

/** Throws what this machine lacks for a project: plug-ins that know its keywords, run its hosts, keep its disks. */
export async function requireKnown(mln: Mln, { project, entries, plugins }: Contents): Promise<void> {
  const missing = Object.keys(plugins).filter((name) => !mln.plugins.some((each) => each.name === name));
  const hint =
    missing.length === 0
      ? 'nothing was changed'
      : `nothing was changed; the archive was made with plug-ins that are not loaded here: ${missing.join(', ')}`;
  const { copiedColumns, machineFaults } = await loadPortable();
  refuse(machineFaults(mln, { project, entries }), hint);
  // Files that are copied are not there yet.
  const hosts = project.hosts.map((host) => ({
    ...host,
    lists: Object.fromEntries(Object.entries(host.lists).filter(([list]) => copiedColumns(mln, list).length === 0)),
  }));
  refuse(unclaimed(mln, { ...project, hosts }), hint);
}

function unclaimed(mln: Mln, project: Project): readonly string[] {
  const faults = unitsOf(project).flatMap((unit): string[] => {
    if (!isHere(mln, unit, project)) return [];
    let written = 0;
    const count = (): void => {
      written += 1;
    };
    mln.hooks.emitScripts.call(unit, { script: count, file: count }, project);
    const runs = written > 0 ? [] : [`${unit.name}: no plug-in here runs what ${unit.hypervisor ?? 'nobody'} runs`];
    if (unit.kind === 'switch') return runs;
    const stores = unit.disks.filter((disk) => !disk.existing && !mln.hooks.disk.call(disk, unit, project));
    return [...runs, ...stores.map(({ store }) => `${unit.name}: no plug-in here keeps disks as ${store}`)];
  });
  return [...new Set(faults)];
}

/** Shows what a project wants of this machine, and asks. Throws MLN_NOT_CONFIRMED. */
export async function agree(
  { mln, terminal }: CommandContext,
  project: Project,
  options: CommandOptions,
): Promise<void> {
  const { demandsOf } = await loadPortable();
  const demands = demandsOf(
    mln,
    project,
    unitsOf(project).map(({ name }) => name),
  );
  if (demands.length === 0) return;
  for (const { by, what } of demands)
    terminal.note(
      `${by}: ${what.replace('of the server', 'of this machine').replace('to the server', 'to this machine')}`,
    );
  if (options['yes'] === true) return;
  const question = `${project.name} wants this of this machine. Import it?`;
  if (options['json'] === true)
    throw failure('MLN_NOT_CONFIRMED', `${question} With --json nobody is asked.`, { hint: 'confirm with -y' });
  await terminal.confirm(question);
}
