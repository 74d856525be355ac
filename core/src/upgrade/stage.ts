import { existsSync, linkSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Announce } from '../announce.js';
import { buildUnits, writeFiles } from '../build.js';
import { diskSize } from '../disk-size.js';
import { systemFailure } from '../errors.js';
import { makeFolder, syncFolder } from '../files.js';
import { shortenJournal } from '../journal.js';
import type { Mln } from '../kernel.js';
import type { Operation, Part, Report } from '../operation.js';
import { planProject, type Plan } from '../plan.js';
import { projectFiles } from '../project-files.js';
import type { Disk, Host, Project } from '../project.js';
import { partOutside } from '../remove.js';
import { createScripts, type PlannedFile } from '../scripts.js';
import type { State, TemplateRecord } from '../state.js';
import { storeOf } from './edit.js';
import type { LocalUpgrade } from './local.js';
import { upgradeFolder } from './places.js';
import { sizeAfter } from './sizes.js';

/** What was made while guests run on. */
export interface Staged {
  /** With the disks of new hosts as they were built. */
  readonly project: Project;
  readonly templates: Readonly<Record<string, TemplateRecord>>;
  /** The files of all units here, relative to the project's folder. */
  readonly files: readonly string[];
}

/** Makes, in the folder of the upgrade, what needs no guest to be down: all scripts, and the disks of hosts that are new. */
export async function stage(
  mln: Mln,
  operation: Operation,
  { project }: Part,
  local: LocalUpgrade,
  previous: State | null,
  announce: Announce<'upgrade'>,
  report: Report,
): Promise<Staged> {
  const { directory } = project;
  const staging = upgradeFolder(directory);
  await makeFolder(directory);
  await shortenJournal(directory);
  await requireSizes(mln, project, local, previous, operation.options.shrink ?? []);
  await announce('scripts', directory);
  await rm(staging, { recursive: true, force: true });
  await makeFolder(staging);
  await syncFolder(directory);
  const fresh = local.hosts.flatMap(({ host, from }) => (from === 'new' ? [host] : []));
  const plan = await planProject(mln, project, fresh, previous?.project ?? null);
  for (const { message } of plan.warnings) report({ server: null, unit: null, state: 'note', text: message });
  const others = local.units.filter((unit) => !fresh.some(({ name }) => name === unit.name));
  const scripts = others.map((unit) => ({ name: unit.name, files: scriptsOf(mln, unit, project) }));
  for (const { name, files } of scripts) writeFiles(join(staging, name), files);
  const own = projectFiles(project, local.units);
  writeFiles(staging, own);
  const staged = { ...plan.project, directory: staging };
  const outside = partOutside(mln, staged);
  await announce('disks', directory, outside ? { outside } : {});
  await buildUnits(mln, withoutKnownImages(plan, directory, staging), staged, report);
  const inFolder = (name: string, files: readonly PlannedFile[]): readonly string[] =>
    files.map(({ path }) => join(name, path));
  return {
    project: plan.project,
    templates: plan.templates,
    files: [
      ...inFolder('', own),
      ...plan.units.flatMap(({ unit, files }) => inFolder(unit.name, files)),
      ...scripts.flatMap(({ name, files }) => inFolder(name, files)),
    ],
  };
}

/** Throws, before any guest is stopped, where a disk would become smaller unasked. */
async function requireSizes(
  mln: Mln,
  project: Project,
  { hosts }: LocalUpgrade,
  state: State | null,
  shrink: readonly string[],
): Promise<void> {
  for (const { host, old, from, kept, template } of hosts) {
    const [before, root] = [rootOf(old), rootOf(host)];
    if (from !== 'kept' || kept !== null || !old || !before || !root || before.existing || root.existing) continue;
    const path = storeOf(mln, before, old, state?.project ?? project).path;
    const bytes = before.standsOn === undefined ? await diskSize(path) : (template?.size ?? 0);
    sizeAfter(host, root, { disk: before, bytes, template }, shrink.includes(host.name));
  }
}

function rootOf(host: Host | null): Disk | undefined {
  return host?.disks.find(({ role }) => role === 'root');
}

/** All files that a project's units have here, relative to its folder. */
export function filesOf(mln: Mln, project: Project, units: LocalUpgrade['units']): readonly string[] {
  return [
    ...projectFiles(project, units).map(({ path }) => path),
    ...units.flatMap((unit) => scriptsOf(mln, unit, project).map(({ path }) => join(unit.name, path))),
  ];
}

function scriptsOf(mln: Mln, unit: LocalUpgrade['units'][number], project: Project): readonly PlannedFile[] {
  const { scripts, files } = createScripts();
  mln.hooks.emitScripts.call(unit, scripts, project);
  return files;
}

/** Disks go on standing on images that are there: they are what they were, down to their times. */
function withoutKnownImages(plan: Plan, directory: string, staging: string): Plan {
  const known = plan.images.filter(({ path }) => existsSync(join(directory, path)));
  for (const { path } of known)
    try {
      mkdirSync(dirname(join(staging, path)), { recursive: true, mode: 0o700 });
      linkSync(join(directory, path), join(staging, path));
    } catch (error) {
      throw systemFailure(error, `${join(staging, path)} cannot be made`);
    }
  return { ...plan, images: plan.images.filter((image) => !known.includes(image)) };
}
