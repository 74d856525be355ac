import { formatSize, missingPrograms, type Check, type Checks, type Finding, type Mln } from '@mln/core';
import { USUAL_GROUP, type Options } from './claim.js';
import { findGroups } from './volumes.js';

const group = 'logical volumes';
const LIMIT = 5000;

/** Whether LVM answers and has the volume group. Whoever gives the plug-in an option means to use it. */
export function addChecks(checks: Checks, mln: Mln, options: Options): void {
  const wanted = options.volumeGroup !== undefined || options.thinPool !== undefined;
  const need: Check['need'] = wanted ? 'always' : 'asked';
  checks.add({
    id: 'group',
    group,
    title: 'volume group',
    need,
    run: () => groupFinding(mln, options.volumeGroup ?? USUAL_GROUP),
  });
}

async function groupFinding(mln: Mln, wanted: string): Promise<Finding> {
  if ((await missingPrograms(mln, ['vgs'])).length > 0)
    return { state: 'missing', detail: 'not here: LVM is not installed', packages: ['lvm2'] };
  if (process.getuid?.() !== 0)
    return { state: 'missing', detail: 'LVM is here, and answers root alone', remedy: 'run mln doctor as root' };
  const groups = await findGroups(mln.shell, LIMIT);
  const found = groups.find(({ name }) => name === wanted);
  if (found) return { state: 'ok', detail: `${wanted}, ${formatSize(found.free)} free` };
  const others = groups.map(({ name }) => name).join(', ') || 'none';
  return {
    state: 'missing',
    detail: `there is no volume group ${wanted}; there are: ${others}`,
    remedy: `vgcreate ${wanted} DEVICE (as root), or name another by the option volumeGroup`,
  };
}
