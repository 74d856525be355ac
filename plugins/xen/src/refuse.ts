import { failure, type Operation, type Outcome, type Part } from '@mln/core';

/** Xen hosts are read, checked and planned; this version does not make or start them, and says so before anything is touched. */
export function refuseBuild(operation: Operation, { units }: Part): Promise<Outcome | undefined> {
  const ours = units.filter((unit) => unit.hypervisor === 'xen').map((unit) => unit.name);
  if (ours.length === 0 || operation.name !== 'build') return Promise.resolve(undefined);
  const some = ours.length > 3 ? `${ours.slice(0, 3).join(', ')} and ${ours.length - 3} more` : ours.join(', ');
  throw failure('MLN_UNSUPPORTED', `${some}: this version of mln reads and plans Xen hosts, but does not build them`, {
    hint: '--rehearse builds the project on User-Mode Linux',
  });
}
