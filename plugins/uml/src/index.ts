import type { Mln } from '@mln/core';
import { claimUnit } from './claim.js';
import { emitHost } from './host-scripts.js';
import { powerOffByKeys } from './shutdown.js';
import { emitSwitch } from './switch-scripts.js';
import { keywords } from './keywords.js';
import { copyModules } from './modules.js';
import { monitor } from './monitor.js';
import { refuseBuild } from './refuse.js';
import { checkNetwork, type Network } from './uplink.js';

interface Options {
  /** Runs hosts that name no hypervisor. */
  readonly default?: boolean;
  /** Where interfaces go that name neither a switch nor a tap; none where left out. */
  readonly network?: Network;
}

/** User-Mode Linux: guests that are processes of the calling user, and the switches between them. */
export default function uml(mln: Mln, options: Options): void {
  const { hooks } = mln;
  const { network = 'none' } = options;
  checkNetwork(network);
  hooks.keywords.tap('uml', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('uml', (unit, block, project) =>
    claimUnit(unit, block, project, { unclaimed: false, network }),
  );
  // What nobody claims is claimed when all others have had their say.
  if (options.default === true)
    hooks.resolveUnit.tap({ name: 'uml', stage: 50 }, (unit, block, project) =>
      claimUnit(unit, block, project, { unclaimed: true, network }),
    );
  hooks.configureFilesystem.tapPromise('uml', async (guest, host) => {
    if (host.hypervisor !== 'uml') return;
    await copyModules(guest, host, mln.shell);
    await powerOffByKeys(guest);
  });
  hooks.emitScripts.tap('uml', (unit, scripts, project) => {
    if (unit.hypervisor !== 'uml') return;
    if (unit.kind === 'host') emitHost(unit, scripts, project);
    else emitSwitch(unit, scripts, project);
  });
  hooks.monitor.tapPromise('uml', (statuses, units, project) => Promise.resolve(monitor(statuses, units, project)));
  hooks.execute.tapPromise('uml', (operation, part) => refuseBuild(operation, part, network));
}
