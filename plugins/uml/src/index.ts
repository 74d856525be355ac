import { doctorHook, isHere, type Mln } from '@mln/core';
import { claimUnit } from './claim.js';
import { cowStore } from './cow-store.js';
import { withDisksElsewhere } from './elsewhere.js';
import { emitHost } from './host-scripts.js';
import { powerOffByKeys } from './shutdown.js';
import { emitSwitch } from './switch-scripts.js';
import { keywords } from './keywords.js';
import { copyModules } from './modules.js';
import { monitor } from './monitor.js';
import { checkFolders } from './folders.js';
import { refuseSave } from './no-save.js';
import { type Network, type SwitchProgram } from './uplink.js';

interface Options {
  /** Runs hosts that name no hypervisor. */
  readonly default?: boolean;
  /** Where interfaces go that name neither a switch nor a tap; none where left out. */
  readonly network?: Network;
  /** What switches are; uml_switch where left out. */
  readonly switch?: SwitchProgram;
  /** Whether disks share their templates and keep only their own changes, where the template allows it; so where left out. */
  readonly cow?: boolean;
}

/** User-Mode Linux: guests that are processes of the calling user, and the switches between them. */
export default function uml(mln: Mln, options: Options): void {
  const { hooks } = mln;
  const { network = 'none', cow = true, switch: switchProgram = 'uml_switch' } = options;
  hooks.keywords.tap('uml', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('uml', (unit, block, project) =>
    claimUnit(unit, block, project, { unclaimed: false, cow, network, switchProgram }),
  );
  // What nobody claims is claimed when all others have had their say.
  if (options.default === true)
    hooks.resolveUnit.tap({ name: 'uml', stage: 50 }, (unit, block, project) =>
      claimUnit(unit, block, project, { unclaimed: true, cow, network, switchProgram }),
    );
  hooks.disk.tap('uml', (disk, host, project) =>
    disk.store === 'cow' ? cowStore(disk, host, project, mln.shell) : undefined,
  );
  hooks.configureFilesystem.tapPromise('uml', async (guest, host) => {
    if (host.hypervisor !== 'uml') return;
    await copyModules(guest, host, mln.shell);
    await powerOffByKeys(guest);
  });
  hooks.emitScripts.tap('uml', (unit, scripts, project) => {
    if (unit.hypervisor !== 'uml') return;
    if (unit.kind === 'host') emitHost(withDisksElsewhere(unit, project, mln), scripts, project);
    else emitSwitch(unit, scripts, project);
  });
  hooks.monitor.tapPromise('uml', (statuses, units, project, look) => {
    const here = units.filter((unit) => isHere(mln, unit, project));
    return Promise.resolve(monitor(statuses, here, project, look));
  });
  hooks.execute.tapPromise('uml', (operation, part) => checkFolders(operation, part));
  hooks.execute.tapPromise('uml', (operation, part) => refuseSave(operation, part));
  doctorHook(mln).tapPromise('uml', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln, options);
  });
}
