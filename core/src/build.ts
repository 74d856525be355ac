import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { failure, isMlnError, MlnError, systemFailure } from './errors.js';
import { makeFolder, syncFolder, writeAtomically } from './files.js';
import type { Mln } from './kernel.js';
import type { Report } from './operation.js';
import { noFilesystem, planProject, type Plan, type PlannedDisk, type PlannedUnit } from './plan.js';
import type { Host, Project, Unit } from './project.js';
import { commitBuild, stagingOf } from './recover.js';
import type { PlannedFile } from './scripts.js';
import { readState, writeState } from './state.js';

/**
 * Builds this server's part of a project. All is made in a folder of its own, which takes the project's name in one
 * rename when it is whole: what was there before is never half replaced. The source is kept beside it.
 */
export async function buildLocally(
  mln: Mln,
  project: Project,
  units: readonly Unit[],
  source: string,
  report: Report,
): Promise<void> {
  const { projects } = mln.folders;
  const previous = await readState(projects, project.name);
  const plan = await planProject(mln, project, units, previous?.project ?? null);
  for (const { message } of plan.warnings) report({ server: null, unit: null, state: 'note', text: message });
  const staging = stagingOf(projects, project.name);
  await makeFolder(projects);
  await rm(staging, { recursive: true, force: true });
  try {
    await makeFolder(staging);
    writeFiles(staging, plan.files);
    await buildUnits(mln, plan, { ...project, directory: staging }, report);
    await writeAtomically(join(staging, 'project.mln'), source);
    await writeState(staging, {
      builtAt: new Date().toISOString(),
      plugins: Object.fromEntries(mln.plugins.map(({ name, version }) => [name, version])),
      templates: plan.templates,
      project,
    });
    await syncFolder(staging);
    await commitBuild(projects, project.name);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

/** Several guests are built at once; when one fails, the ones begun are finished and all failures are told. */
async function buildUnits(mln: Mln, plan: Plan, project: Project, report: Report): Promise<void> {
  const limit = pLimit(availableParallelism() + 1);
  const failures: MlnError[] = [];
  const build = async (planned: PlannedUnit): Promise<void> => {
    const { name } = planned.unit;
    if (failures.length > 0) return;
    report({ server: null, unit: name, state: 'begun', text: 'build' });
    try {
      await buildUnit(mln, planned, project);
      report({ server: null, unit: name, state: 'done', text: 'built' });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      report({ server: null, unit: name, state: 'failed', text: error.message });
      failures.push(error);
    }
  };
  await Promise.all(plan.units.map((planned) => limit(() => build(planned))));
  if (failures.length > 0)
    throw new MlnError(
      failures.flatMap((error) => error.problems),
      { cause: failures[0] },
    );
}

async function buildUnit(mln: Mln, planned: PlannedUnit, project: Project): Promise<void> {
  const { unit } = planned;
  writeFiles(join(project.directory, unit.name), planned.files);
  if (unit.kind === 'switch') return;
  for (const disk of planned.disks)
    try {
      await buildDisk(mln, unit, disk, planned, project);
    } catch (error) {
      throw forHost(error, unit);
    }
}

async function buildDisk(
  mln: Mln,
  host: Host,
  planned: PlannedDisk,
  { edits }: PlannedUnit,
  project: Project,
): Promise<void> {
  const { disk, template, size } = planned;
  const store = mln.hooks.disk.call(disk, host, project);
  if (!store) throw failure('MLN_NO_CLAIM', `no plug-in keeps disks as ${disk.store}`);
  if (disk.existing) {
    if (disk.mount?.type !== 'hostfs' && !(await store.exists()))
      throw failure('MLN_NO_FILE', `there is no disk ${store.path}`);
  } else await store.create(template?.path ?? null, size);
  if (disk.role === 'swap') await mln.shell('mkswap', [store.path]);
  if (disk.role === 'root') {
    const filesystem = await mln.hooks.filesystem.promise(store.path);
    if (!filesystem) throw noFilesystem(store.path);
    if (template && size > template.size) await filesystem.grow();
    await filesystem.apply(edits);
    await filesystem.check();
  }
  const { owner, group } = host.keywords;
  if (!disk.existing && (owner !== undefined || group !== undefined))
    await mln.shell('chown', ['--', `${owner ?? ''}${group === undefined ? '' : `:${group}`}`, store.path]);
}

/** Who makes or edits a disk does not know whose it is. */
function forHost(error: unknown, host: Host): unknown {
  if (!isMlnError(error)) return error;
  const problems = error.problems.map((problem) => ({
    ...problem,
    message: `${host.name}: ${problem.message}`,
    place: problem.place ?? host.place ?? undefined,
  }));
  return new MlnError(problems, { cause: error });
}

/** Scripts are many and small: written at once they take least. */
function writeFiles(folder: string, files: readonly PlannedFile[]): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const { path, text, executable } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, path), text, { flag: 'wx', mode: executable ? 0o700 : 0o600 });
    }
  } catch (error) {
    throw systemFailure(error, `the scripts in ${folder} cannot be written`);
  }
}
