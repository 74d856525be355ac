import { placeHint, type Project, type Switch, type View } from '@mln/core';
import { bridgeHint, bridgeOf, isBridgeName } from './bridges.js';

/** Tells what a bridge cannot do of what a switch says, and of two switches that would be one bridge. */
export function checkSwitch(unit: Switch, block: View, project: Project): void {
  const { name, bridge } = unit;
  for (const keyword of ['socket', 'tap'] as const)
    if (unit[keyword] !== null)
      block.error(
        'MLN_UNSUPPORTED',
        `${name}: the switch of Xen guests is a bridge, and takes no ${keyword}`,
        keyword,
        'bridge NAME joins them to a bridge of the physical host',
      );
  if (bridge !== null && !isBridgeName(bridge))
    block.error(
      'MLN_BAD_NAME',
      `${name}: ${JSON.stringify(bridge)} cannot be the name of a bridge`,
      'bridge',
      bridgeHint,
    );
  const ours = bridgeOf(unit, project);
  // Each pair is told once, at the later of the two.
  const before = project.switches.slice(
    0,
    project.switches.findIndex((each) => each.name === name),
  );
  const other = before.find((each) => isOnXen(each, project) && bridgeOf(each, project) === ours);
  if (other)
    block.error(
      'MLN_BAD_VALUE',
      `${name} and ${other.name} would both be the bridge ${ours}`,
      bridge === null ? '' : 'bridge',
      `${other.name} is at ${placeHint({ place: other.place ?? undefined })}; give one of them another name, or bridge NAME`,
    );
}

function isOnXen({ ports }: Switch, { hosts }: Project): boolean {
  const connected = new Set(ports.map(([host]) => host));
  return hosts.some(({ name, hypervisor }) => hypervisor === 'xen' && connected.has(name));
}
