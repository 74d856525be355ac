import type { Mln } from '@mln/core';
import { claimUnit } from './claim.js';
import { emitHost } from './host-scripts.js';
import { powerOffByKeys } from './shutdown.js';
import { emitSwitch } from './switch-scripts.js';
import { copyModules } from './modules.js';
import { monitor } from './monitor.js';

interface Options {
  /** Runs hosts that name no hypervisor. */
  readonly default?: boolean;
}

/** User-Mode Linux: guests that are processes of the calling user, and the switches between them. */
export default function uml(mln: Mln, options: Options): void {
  const { hooks } = mln;
  hooks.keywords.tap('uml', (keywords) => {
    keywords.declare({
      name: 'uml',
      in: ['host'],
      kind: 'flag',
      rehearsal: 'yes',
      help: 'Runs the host on User-Mode Linux.',
    });
  });
  hooks.resolveUnit.tap('uml', (unit, block, project) => claimUnit(unit, block, project, false));
  // What nobody claims is claimed when all others have had their say.
  if (options.default === true)
    hooks.resolveUnit.tap({ name: 'uml', stage: 50 }, (unit, block, project) => claimUnit(unit, block, project, true));
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
}
