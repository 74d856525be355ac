import { existsSync, linkSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Announce } from '../announce.js';
import { buildUnits, writeFiles } from '../build.js';
import { systemFailure } from '../errors.js';
import { makeFolder } from '../files.js';
import { shortenJournal } from '../journal.js';
import type { Mln } from '../kernel.js';
import type { Part, Report } from '../operation.js';
import { planProject, type Plan } from '../plan.js';
import { projectFiles } from '../project-files.js';
import type { Project } from '../project.js';
import { partOutside } from '../remove.js';
import { createScripts, type PlannedFile } from '../scripts.js';
import type { State, TemplateRecord } from '../state.js';
import type { LocalUpgrade } from './local.js';
import { upgradeFolder } from './places.js';

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
  await announce('scripts', directory);
  await rm(staging, { recursive: true, force: true });
  await makeFolder(staging);
  const fresh = local.hosts.flatMap(({ host, from }) => (from === 'new' ? [host] : []));
  const switches = local.units.filter((unit) => unit.kind === 'switch');
  const plan = await planProject(mln, project, [...switches, ...fresh], previous?.project ?? null);
  for (const { message } of plan.warnings) report({ server: null, unit: null, state: 'note', text: message });
  const kept = local.hosts.flatMap(({ host, from }) => (from === 'new' ? [] : [host]));
  const scripts = kept.map((host) => ({ name: host.name, files: scriptsOf(mln, host, project) }));
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
