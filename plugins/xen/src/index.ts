import { doctorHook, type Mln } from '@mln/core';
import { claimUnit, type Options } from './claim.js';
import { keywords } from './keywords.js';
import { refuseBuild } from './refuse.js';

/** Xen: guests of a hypervisor, and the bridges between them. */
export default function xen(mln: Mln, options: Options): void {
  const { hooks } = mln;
  hooks.keywords.tap('xen', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('xen', (unit, block, project) => claimUnit(unit, block, project, options));
  hooks.execute.tapPromise('xen', (operation, part) => refuseBuild(operation, part));
  doctorHook(mln).tapPromise('xen', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln, options);
  });
}
