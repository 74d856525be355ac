import { unknownStatus, type Project, type Status, type Switch } from '@mln/core';
import { aliasOf, bridgeOf } from './bridges.js';
import { linkOf, type Machine } from './monitor-machine.js';

/** What becomes of a switch: its bridge, known by its alias. A bridge of others goes on without the project. */
export function switchStatus(unit: Switch, project: Project, machine: Machine): Status {
  const name = bridgeOf(unit, project);
  const link = linkOf(machine, name);
  const down: Status = { ...unknownStatus, state: 'down' };
  if (!link) return down;
  if (!link.bridge) return { ...unknownStatus, detail: `${name} is another network interface, and no bridge` };
  if (link.alias !== aliasOf(unit, project))
    return {
      ...unknownStatus,
      detail: unit.bridge === null ? `the bridge ${name} is not of this project` : `made by others: ${name}`,
    };
  // What the physical host sends through it, it receives.
  const network = { received: link.sent, sent: link.received };
  return link.up ? { ...down, state: 'up', network } : { ...down, detail: `the bridge ${name} is there, and not up` };
}
