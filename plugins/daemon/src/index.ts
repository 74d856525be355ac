import { doctorHook, setupHook, type Mln } from '@mln/core';
import { addAuthorityVerbs } from './tls/verbs.js';
import { addDaemonVerbs } from './server/verbs.js';
import { addFleetVerbs } from './fleet/verbs.js';
import { makePersistent } from './fleet/keywords.js';
import { keywords } from './keywords.js';
import type { Options } from './options.js';
import { checkFilters, emitFilter, withFilters } from './tunnels/filters.js';
import { withTunnelMtu } from './tunnels/mtu.js';
import { wrapVerbs } from './coordinate/verbs.js';

/** Service hosts: one project over many servers. */
export default function daemon(mln: Mln, options: Options): void {
  const { hooks } = mln;
  hooks.commands.tap('daemon', (commands) => {
    addDaemonVerbs(commands, mln, options);
    addAuthorityVerbs(commands, mln, options);
    addFleetVerbs(commands, mln, options);
  });
  // Verbs of others are there then.
  hooks.commands.tap({ name: 'daemon', stage: 100 }, (commands) => {
    wrapVerbs(commands, mln, options);
  });
  hooks.keywords.tap('daemon', (table) => {
    table.declare(...keywords);
  });
  // Whoever claims a host reads it of its interfaces.
  hooks.resolveUnit.tap({ name: 'daemon', stage: -10 }, (unit) => withFilters(unit, options));
  // Hosts of others are there then.
  hooks.transformTree.tap({ name: 'daemon', stage: 100 }, makePersistent);
  hooks.resolveUnit.tap({ name: 'daemon', stage: 60 }, (unit, block, project) => {
    checkFilters(unit, block);
    return withTunnelMtu(unit, block, project, options);
  });
  hooks.emitScripts.tap('daemon', emitFilter);
  // In this order: what a server can take, what joins switches, disks that come here, and what goes to other servers.
  hooks.execute.tapPromise('daemon', async (operation, part) =>
    part.server === null && part.phase === 'prepare'
      ? (await import('./fleet/memory.js')).requireMemory(mln, options, operation, part)
      : undefined,
  );
  hooks.execute.tapPromise('daemon', async (operation, part, report) =>
    part.server === null && (part.phase === 'join' || part.phase === 'leave')
      ? (await import('./tunnels/join.js')).joinHere(mln, options, operation, part, report)
      : undefined,
  );
  hooks.execute.tapPromise('daemon', async (_operation, part, report) =>
    part.server === null && (part.phase === 'receive' || part.phase === 'preCopy')
      ? (await import('./images/move.js')).moveHere(mln, options, part, report)
      : undefined,
  );
  // Whoever reaches a server in another way answers for it first.
  hooks.execute.tapPromise({ name: 'daemon', stage: 90 }, async (operation, part, report) =>
    part.server === null
      ? undefined
      : (await import('./coordinate/execute.js')).executeThere(mln, options, operation, part, report),
  );
  hooks.monitor.tapPromise({ name: 'daemon', stage: 20 }, async (statuses, units, project, look) =>
    (await import('./coordinate/monitor.js')).monitorThere(mln, options, statuses, units, project, look),
  );
  doctorHook(mln).tapPromise('daemon', async (checks) => {
    (await import('./server/doctor.js')).addChecks(checks, mln, options);
  });
  setupHook(mln).tapPromise('daemon', async (setup) => {
    (await import('./setup/service-host.js')).addServiceHost(setup, options);
  });
}
