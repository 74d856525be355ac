import { doctorHook, type Mln } from '@mln/core';
import { claimDisks, type Options } from './claim.js';
import { keywords } from './keywords.js';
import { refuseBuild } from './refuse.js';

/** LVM: disks as logical volumes. */
export default function lvm(mln: Mln, options: Options): void {
  const { hooks } = mln;
  hooks.keywords.tap('lvm', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('lvm', (unit, block, project) =>
    unit.kind === 'host' && block.flag('lvm') === true ? claimDisks(unit, block, project, options) : unit,
  );
  hooks.execute.tapPromise('lvm', (operation, part) => refuseBuild(operation, part));
  doctorHook(mln).tapPromise('lvm', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln, options);
  });
}
