// @ts-check
import { claimUnit } from './claim.js';
import { emitGuest } from './guest-scripts.js';
import { keywords } from './keywords.js';
import { monitor } from './monitor.js';
import { emitSwitch } from './switch-scripts.js';
import { wordsHook } from './words.js';

/** @import { Mln } from '@mln/core' */

export const manifest = {
  name: 'toy',
  version: '1.0.0',
  api: '^1.0.0',
  options: {
    type: 'object',
    properties: { default: { type: 'boolean', description: 'Runs hosts that name no hypervisor.' } },
    additionalProperties: false,
  },
};

/**
 * Guests that are small processes of the calling user, and switches between them.
 *
 * @param {Mln} mln
 * @param {{ default?: boolean }} options
 */
export default function toy(mln, options) {
  const { hooks, core } = mln;
  hooks.keywords.tap('toy', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('toy', (unit, block, project) => claimUnit(core, unit, block, project));
  // What nobody claims is claimed when all others have had their say.
  if (options.default === true)
    hooks.resolveUnit.tap({ name: 'toy', stage: 50 }, (unit, block, project) =>
      claimUnit(core, unit, block, project, true),
    );
  hooks.emitScripts.tap('toy', (unit, scripts, project) => {
    if (unit.hypervisor !== 'toy') return;
    if (unit.kind === 'switch') emitSwitch(unit, scripts, project);
    else emitGuest(core, unit, scripts, project, wordsHook(mln).call({}, unit, project));
  });
  hooks.monitor.tap('toy', (statuses, units, project) => monitor(core, statuses, units, project));
  core.doctorHook(mln).tap('toy', (checks) => {
    const programs = ['setsid', 'flock', 'debugfs'];
    checks.add(
      core.programsCheck(mln, { id: 'programs', group: 'toy guests', title: 'programs', need: 'always', programs }),
    );
  });
}
