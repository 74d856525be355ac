import { doctorHook, type Mln } from '@mln/core';
import { claimDisks, type Options } from './claim.js';
import { keywords } from './keywords.js';
import { lvmStore } from './store.js';
import { createTemplateVolumes } from './template-volumes.js';
import { addVerbs } from './verbs.js';

/** LVM: disks as logical volumes. */
export default function lvm(mln: Mln, options: Options): void {
  const { hooks } = mln;
  const templates = createTemplateVolumes(mln);
  hooks.commands.tap('lvm', (commands) => {
    addVerbs(commands);
  });
  hooks.keywords.tap('lvm', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('lvm', (unit, block, project) =>
    unit.kind === 'host' && block.flag('lvm') === true ? claimDisks(unit, block, project, options) : unit,
  );
  hooks.disk.tap('lvm', (disk, host, project) =>
    disk.store === 'lvm' ? lvmStore(disk, host, project, mln, templates) : undefined,
  );
  hooks.execute.tapPromise('lvm', async (operation, part, report) =>
    part.phase === 'prepare' ? (await import('./prepare.js')).prepare(mln, operation, part, report) : undefined,
  );
  hooks.monitor.tapPromise({ name: 'lvm', stage: 10 }, async (statuses, units, project, look) =>
    (await import('./monitor.js')).monitor(mln, statuses, units, project, look),
  );
  doctorHook(mln).tapPromise('lvm', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln, options);
  });
}
