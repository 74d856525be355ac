import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemFailure } from './errors.js';
import { moveFolder, readIfThere } from './files.js';

/*
 * A build replaces a project in three steps, and a kill may come between any two:
 *
 *   .NAME.new   is being made         NAME is the old project
 *   NAME → .NAME.old                  NAME is missing, .NAME.new is whole
 *   .NAME.new → NAME                  NAME is the new project
 *   .NAME.old is removed
 *
 * A removal renames NAME to .NAME.gone and then deletes it. So what is found tells what had been reached. A project's
 * name holds no dot, and hidden names are never projects.
 */

/** Where a project is built. */
export function stagingOf(projects: string, name: string): string {
  return join(projects, `.${name}.new`);
}

const oldOf = (projects: string, name: string): string => join(projects, `.${name}.old`);
const goneOf = (projects: string, name: string): string => join(projects, `.${name}.gone`);

/** Puts what was built in the place of what was there. */
export async function commitBuild(projects: string, name: string): Promise<void> {
  const target = join(projects, name);
  if (await exists(target)) await moveFolder(target, oldOf(projects, name));
  await moveFolder(stagingOf(projects, name), target);
  await removeFolder(oldOf(projects, name));
}

/** Removes a project's folder: at once for everyone else, however long the deletion takes. */
export async function commitRemoval(projects: string, name: string): Promise<void> {
  await moveFolder(join(projects, name), goneOf(projects, name));
  await removeFolder(goneOf(projects, name));
}

/**
 * Finishes or takes back what an earlier command left undone when it was killed. Gives a sentence that says which, or
 * null where there was nothing. The caller holds the project's lock.
 */
export async function recover(projects: string, name: string): Promise<string | null> {
  const [target, staging, old, gone] = [
    join(projects, name),
    stagingOf(projects, name),
    oldOf(projects, name),
    goneOf(projects, name),
  ];
  let said: string | null = null;
  if (await exists(gone)) {
    await removeFolder(gone);
    said = `the removal of an earlier ${name}, which was cut off, is finished`;
  }
  if (!(await exists(target)) && (await exists(old))) {
    if (await isWhole(staging)) {
      await moveFolder(staging, target);
      said = `the build of ${name} that was cut off is finished: the new project is in place`;
    } else {
      await moveFolder(old, target);
      said = `the build of ${name} that was cut off is taken back: the old project is in place`;
    }
  }
  if (await exists(staging)) {
    await removeFolder(staging);
    said ??= `the build of ${name} that was cut off is taken back: ${(await exists(target)) ? 'the old project is as it was' : 'nothing of it is left'}`;
  }
  if (await exists(old)) {
    await removeFolder(old);
    said ??= `the build of ${name} that was cut off is finished: the new project is in place`;
  }
  return said;
}

/** The state is written last, whole. */
async function isWhole(folder: string): Promise<boolean> {
  return (await readIfThere(join(folder, 'state.json'))) !== null;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw systemFailure(error, `${path} cannot be removed`);
  }
}
