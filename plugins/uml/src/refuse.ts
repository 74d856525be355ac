import { MlnError, Problems, type Host, type Operation, type Outcome, type Part } from '@mln/core';
import { uplinkOf, type Network } from './uplink.js';

/** Refuses to build what this version only reads, checks and plans, before anything is touched. */
export function refuseBuild(operation: Operation, { units }: Part, network: Network): Promise<Outcome | undefined> {
  if (operation.name !== 'build') return Promise.resolve(undefined);
  const problems = new Problems();
  for (const unit of units)
    if (unit.kind === 'host' && unit.hypervisor === 'uml')
      for (const what of unbuilt(unit, network))
        problems.error(
          'MLN_UNSUPPORTED',
          `${unit.name}: this version of mln reads and plans ${what}, but does not build it`,
          { place: unit.place ?? undefined },
        );
  if (problems.hasErrors) throw new MlnError(problems.all);
  return Promise.resolve(undefined);
}

/** What of a host is not built yet, by its keywords. */
function unbuilt(host: Host, network: Network): readonly string[] {
  const interfaces = host.interfaces.flatMap((each) => {
    const uplink = uplinkOf(each, network);
    return uplink === null ? [] : [`${uplink} (${each.name})`];
  });
  return host.keywords['cow_filesystem'] === undefined ? interfaces : ['cow_filesystem', ...interfaces];
}
