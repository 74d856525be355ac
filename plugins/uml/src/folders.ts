import { accessSync, constants, statSync } from 'node:fs';
import { MlnError, Problems, type Operation, type Outcome, type Part } from '@mln/core';

/** Refuses to build a host that mounts a folder of this machine that is not there, before anything is touched. */
export function checkFolders(operation: Operation, { units, phase, server }: Part): Promise<Outcome | undefined> {
  if (operation.name !== 'build' || phase !== 'prepare' || server !== null) return Promise.resolve(undefined);
  const problems = new Problems();
  for (const unit of units) {
    if (unit.kind !== 'host' || unit.hypervisor !== 'uml') continue;
    for (const { mount, path } of unit.disks) {
      const fault = mount?.type === 'hostfs' ? folderFault(path) : null;
      if (fault !== null)
        problems.error('MLN_NO_FILE', `${unit.name}: ${mount?.point ?? ''} is to show the folder ${path}, ${fault}`, {
          place: unit.place ?? undefined,
          hint: 'hostfs mounts a folder of the machine that the guest runs on',
        });
    }
  }
  if (problems.hasErrors) throw new MlnError(problems.all);
  return Promise.resolve(undefined);
}

function folderFault(path: string): string | null {
  try {
    if (!statSync(path).isDirectory()) return 'which is no folder';
    accessSync(path, constants.R_OK | constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'which does not exist' : 'which you may not read';
  }
}
