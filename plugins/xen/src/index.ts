import { doctorHook, type Host, type Mln, type Project } from '@mln/core';
import { claimUnit } from './claim.js';
import type { Options } from './guest-type.js';
import { emitHost } from './host-scripts.js';
import { keywords } from './keywords.js';
import { monitor } from './monitor.js';
import { providePowerOff } from './power-off.js';
import { prepare } from './prepare.js';
import { emitSwitch } from './switch-scripts.js';

/** Xen: guests of a hypervisor, and the bridges between them. */
export default function xen(mln: Mln, options: Options): void {
  const { hooks } = mln;
  hooks.keywords.tap('xen', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('xen', (unit, block, project) => claimUnit(unit, block, project, options));
  hooks.configureFilesystem.tapPromise('xen', async (guest, host) => {
    if (host.hypervisor === 'xen') await providePowerOff(guest);
  });
  hooks.emitScripts.tap('xen', (unit, scripts, project) => {
    if (unit.hypervisor !== 'xen') return;
    if (unit.kind === 'switch') emitSwitch(unit, scripts, project);
    else emitHost(unit, scripts, project, options, pathsOf(mln, unit, project));
  });
  hooks.monitor.tapPromise('xen', (statuses, units, project, look) => monitor(mln, statuses, units, project, look));
  hooks.execute.tapPromise('xen', (operation, part) => prepare(mln, options, operation, part));
  doctorHook(mln).tapPromise('xen', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln, options);
  });
}

/** Where a host's disks are: whoever keeps them knows. */
function pathsOf({ hooks }: Mln, host: Host, project: Project): string[] {
  return host.disks.map((disk) => hooks.disk.call(disk, host, project)?.path ?? disk.path);
}
