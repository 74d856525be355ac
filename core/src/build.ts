import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { Announce } from './announce.js';
import { createDiskBuilder } from './build-disk.js';
import { isMlnError, MlnError, systemFailure } from './errors.js';
import { makeFolder, writeAtomically } from './files.js';
import { writeRecord } from './guest-record.js';
import { continueJournal } from './journal.js';
import type { Mln } from './kernel.js';
import type { Part, Report } from './operation.js';
import { planProject, type Plan, type PlannedUnit } from './plan.js';
import type { Project } from './project.js';
import { commitBuild, stagingOf, undoBuild } from './recover.js';
import { partOutside, storesOutside } from './remove.js';
import type { PlannedFile } from './scripts.js';
import { readState, writeState } from './state.js';
import { continueHistory } from './upgrade/history.js';
import { sourcesOf } from './upgrade/sources.js';

/**
 * Builds this server's part of a project. All is made in a folder of its own, which takes the project's name in one
 * rename when it is whole (placeBuild): what was there before is never half replaced. The source is kept beside it.
 */
export async function buildLocally(
  mln: Mln,
  { project, units, source }: Part,
  version: number | undefined,
  announce: Announce<'build'>,
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
    await continueJournal(join(projects, project.name), staging);
    await announce('scripts', staging);
    writeFiles(staging, plan.files);
    const staged = { ...plan.project, directory: staging };
    const outside = partOutside(mln, staged);
    await announce('disks', staging, outside ? { outside } : {});
    await buildUnits(mln, plan, staged, report);
    await announce('state', staging);
    if (previous) await continueHistory(join(projects, project.name), staging, previous);
    await writeAtomically(join(staging, 'project.mln'), source);
    await writeState(staging, {
      version: version ?? (previous?.version ?? 0) + 1,
      builtAt: new Date().toISOString(),
      plugins: Object.fromEntries(mln.plugins.map(({ name, version }) => [name, version])),
      templates: plan.templates,
      project: plan.project,
      kept: [],
      pending: [],
      sources: await sourcesOf(mln, plan.project),
    });
    await announce('sync', staging);
    // The disks, too, are to be whole after a power cut.
    await mln.shell('sync', ['-f', '--', staging]);
    const paths = storesOutside(mln, staged).map(({ path }) => path);
    if (paths.length > 0) await mln.shell('sync', ['--', ...paths]);
  } catch (error) {
    throw await takenBack(mln, project.name, report, error);
  }
}

/** Puts what was built in its place. */
export async function placeBuild(mln: Mln, name: string, announce: Announce<'build'>, report: Report): Promise<void> {
  try {
    await commitBuild(mln, name, announce, report);
  } catch (error) {
    throw await takenBack(mln, name, report, error);
  }
}

/** What went wrong first is what is told; what cannot be taken back now is the next command's. */
async function takenBack(mln: Mln, name: string, report: Report, error: unknown): Promise<unknown> {
  await undoBuild(mln, name, report).catch(() => undefined);
  return error;
}

/** Several guests are built at once; when one fails, the ones begun are finished and all failures are told. */
export async function buildUnits(mln: Mln, plan: Plan, project: Project, report: Report): Promise<void> {
  const disks = await createDiskBuilder(mln, plan, project);
  const limit = pLimit(availableParallelism() + 1);
  const failures: MlnError[] = [];
  const build = async (planned: PlannedUnit): Promise<void> => {
    const { name } = planned.unit;
    if (failures.length > 0) return;
    report({ server: null, unit: name, state: 'begun', text: 'build' });
    try {
      writeFiles(join(project.directory, name), planned.files);
      if (planned.record) await writeRecord(project.directory, name, planned.record);
      await disks.build(planned);
      report({ server: null, unit: name, state: 'done', text: 'built' });
    } catch (error) {
      if (!isMlnError(error)) throw error;
      report({ server: null, unit: name, state: 'failed', text: error.message.replace(`${name}: `, '') });
      failures.push(error);
    }
  };
  try {
    await Promise.all(plan.units.map((planned) => limit(() => build(planned))));
  } finally {
    disks.end();
  }
  if (failures.length > 0)
    throw new MlnError(
      failures.flatMap((error) => error.problems),
      { cause: failures[0] },
    );
}

/** Scripts are many and small: written at once they take least. */
export function writeFiles(folder: string, files: readonly PlannedFile[]): void {
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
