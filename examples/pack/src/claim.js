// @ts-check
/** @import { Host, Mln, Project, Switch, Unit, View } from '@mln/core' */

/**
 * Claims hosts that say `toy`, or (unclaimed) that nobody else runs, and the switches that they are connected to.
 *
 * @param {Mln['core']} core
 * @param {Unit} unit
 * @param {View} block
 * @param {Project} project
 * @returns {Unit}
 */
export function claimUnit(core, unit, block, project, unclaimed = false) {
  if (unit.kind === 'switch') return claimSwitch(core, unit, project, unclaimed);
  const wanted = unclaimed ? unit.hypervisor === null && block.flag('toy') !== false : block.flag('toy') === true;
  return wanted ? claimHost(core, unit, block) : unit;
}

/** @type {(core: Mln['core'], host: Host, block: View) => Host} */
function claimHost(core, host, block) {
  if (host.term !== 'none')
    block.error(
      'MLN_UNSUPPORTED',
      `${host.name}: a toy has no ${host.term}; mln console shows it`,
      'term',
      'term none',
    );
  for (const { name, bridge } of host.interfaces)
    if (bridge !== null)
      block.named('network').get(name)?.warning('MLN_UNSUPPORTED', `${name}: a toy reaches no bridge`, 'bridge');
  const disks = host.disks.map((disk, index) => ({ ...disk, device: `/dev/toy${index}` }));
  return core.claim(host, 'toy', { disks, console: 'console', macPrefix: '02:00' });
}

/** A switch takes the platform of its hosts; one without any is run by whoever runs what nobody claims. */
/** @type {(core: Mln['core'], unit: Switch, project: Project, unclaimed: boolean) => Switch} */
function claimSwitch(core, unit, project, unclaimed) {
  const connected = new Set(unit.ports.map(([host]) => host));
  const platforms = project.hosts.filter(({ name }) => connected.has(name)).map(({ hypervisor }) => hypervisor);
  const isNobodys = unclaimed && unit.hypervisor === null && platforms.every((each) => each === null);
  return isNobodys || platforms.includes('toy') ? core.claim(unit, 'toy') : unit;
}
